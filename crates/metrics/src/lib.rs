#![forbid(unsafe_code)]
//! What the children of a server count, and how it is shown: as a page, as JSON, for Prometheus.
//!
//! All numbers are words in memory that the children share. Each child writes to a slot of its own,
//! so that counting costs an instruction on a cache line that nobody else writes to; whoever asks
//! adds the slots up. Counters of a child that has ended stay in the sum, for its slot goes to the
//! next one as it is; what describes a child's present state counts while the child lives.
//!
//! ```
//! use metrics::{Board, Child, Facts, Format};
//!
//! let board = Board::private(&[]);
//! board.slot().child().count(Child::RedirectMirror);
//! let report = board.report(&Facts::default());
//! let text = report.render(Format::Prometheus);
//! assert!(text.contains("mirrorbrain_answers_total{answer=\"redirect\",reason=\"mirror\"} 1\n"));
//! ```

mod area;
mod board;
mod family;
mod histogram;
mod html;
mod layout;
mod list;
mod mirrors;
mod report;
mod text;
mod watch;

pub use area::{Area, Words};
pub use board::{Board, ChildNumbers, DatabaseNumbers, Slot};
pub use family::{Family, Kind, Sample};
pub use histogram::{BOUNDS, Step};
pub use layout::length;
pub use list::{Child, Database, Metric};
pub use report::{Facts, Format, Networks, Report};
pub use watch::{Concern, Finding};
