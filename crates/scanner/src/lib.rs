#![forbid(unsafe_code)]
//! Finds out which files mirrors have, and brings the differences into the database.
//!
//! Data flows one way: a mirror's listing ([`mirror_files`]) is compared, entry by entry, with what the database
//! has ([`Index`]) and with the version that the origin has; what differs goes to the one writer of the process, which
//! brings it into the tables in batches. What was not read is left as it was, and what would take too much from a mirror
//! at once waits for a second scan that agrees.
//!
//! Memory: 40 bytes for each path of the database, shared by all scans; some kilobytes for each mirror; and batches of
//! at most [`BATCH_ROWS`] rows.

mod due;
mod event;
mod index;
mod mirror;
mod names;
mod origin;
mod outcome;
mod rules;
mod run;
mod source;
mod turns;
mod writer;

pub use due::{Schedule, scan_due};
pub use event::{Event, Note, Observer};
pub use index::{Index, Known};
pub use origin::{Origin, OriginScan};
pub use outcome::{Failure, Outcome};
pub use rules::{Fragment, Pattern, RuleError, Rules};
pub use run::{Options, run};
pub use source::{Protocol, Settings};

/// Rows that one transaction writes.
pub const BATCH_ROWS: usize = writer::BATCH;
