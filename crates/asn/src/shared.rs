//! The table `pfx2asn` of a PostgreSQL database, in memory that processes share.
//!
//! One process of several, elected by a lock that ends with it, reads the database beside the
//! requests and writes a file; all of them map the file that is there now. A file is never
//! changed once it is in its place, so no process ever sees old and new mixed, whatever happens
//! to the one that writes. The file outlives the processes: after a restart lookups work from
//! the first request, also with the database away.
//!
//! ```text
//! PostgreSQL --COPY--> Refresher (in the leader) --rename--> file --mmap--> SharedTable (in all)
//! ```

mod directory;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;

mod file;
mod pfx2asn;
mod refresher;

pub use directory::{Owner, PrepareError, prepare_directory, remove_others};
pub use file::{Leader, Opener, SharedTable};
pub use pfx2asn::FALLBACK_QUERY;
pub use refresher::{Refresher, RefresherHandle};
