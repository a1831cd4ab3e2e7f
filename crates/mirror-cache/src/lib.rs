#![forbid(unsafe_code)]
//! What a process remembers of the MirrorBrain database, so that requests need not ask it.
//!
//! [`Databases`] opens the databases of a process, [`Database`] answers a request: the mirror table,
//! the [`FileRecord`] of a file, and the long sums in ranges.

mod cache;
mod database;
mod databases;
mod fetch;
mod file_record;
mod freshness;
mod gauges;
mod quiescence;
mod record_slot;
mod refresh;
mod renew;
mod settings;
mod source;
mod sums;
mod waiting;

pub use database::{CurrentTable, Database};
pub use databases::{Databases, Group, Process, groups};
pub use file_record::FileRecord;
pub use record_slot::{RecordRef, RecordSlot};
pub use settings::Settings;
pub use sums::{Range, Sums, SumsError};
