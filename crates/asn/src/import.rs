//! Fills the table `pfx2asn` from files of networks: those of routing registries, or dumps of a router's
//! table.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut networks = asn::import::Networks::default();
//! asn::import::read("riswhoisdump.IPv4.gz".as_ref(), &mut networks, &())?;
//! let database = pg::ConnectionInfo::parse("dbname=mirrorbrain")?;
//! println!("{}", asn::import::replace(&database, &networks, &())?);
//! # Ok(())
//! # }
//! ```

mod input;
pub mod line;
mod mrt;
mod networks;
mod store;

pub use input::{read, read_from};
pub use networks::Networks;
pub use store::{Outcome, replace};
