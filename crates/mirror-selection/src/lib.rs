#![forbid(unsafe_code)]
//! Which mirror is closest: pure selection logic.
//!
//! Plain values in, ranked mirrors out: no server, no database, no clock, and no randomness but
//! what the caller passes in.
//!
//! ```
//! use mirror_selection::{Client, Code, Distance, Extent, Mirror, MirrorRow, select};
//!
//! let row = |id, country, base_url| MirrorRow {
//!     id: Some(id),
//!     country: Some(country),
//!     score: Some(100),
//!     base_url: Some(base_url),
//!     file_max_size: Some(0),
//!     ..MirrorRow::default()
//! };
//! let mirrors: Vec<Mirror> = [
//!     row(1, "jp", "http://mirror.example.jp/pub"),
//!     row(2, "fr", "http://mirror.example.fr/pub"),
//! ]
//! .iter()
//! .filter_map(Mirror::from_row)
//! .collect();
//! let client = Client { country: Code::parse("FR"), ..Client::default() };
//! let mut random = || 4; // a generator of the caller's choice
//! let selection =
//!     select(&mirrors, &[], &client, 1 << 20, Distance::Planar, &mut random, Extent::Top(6));
//! let target = selection.target().expect("both are usable");
//! assert_eq!(&*target.mirror().base_url, "http://mirror.example.fr/pub/");
//! assert_eq!(target.realm().as_str(), "country");
//! ```

mod best;
mod candidates;
mod client;
mod group;
mod location;
mod mirror;
mod ranges;
mod rank;
mod row;
mod rules;
mod select;
mod selection;
mod set;
mod sets;
mod spread;
mod table;
mod view;

pub use candidates::Candidates;
pub use client::Client;
pub use group::{Group, Realm};
pub use mirror::{Mirror, Operator};
pub use places::{Code, Region};
pub use rank::{Distance, Order, Ties, UnknownDistance};
pub use row::MirrorRow;
pub use select::{Extent, select};
pub use selection::{Choice, Selection};
pub use set::MirrorSet;
pub use spread::{FileKey, Spread, UnknownSpread, Weight};
pub use table::MirrorTable;
