#![forbid(unsafe_code)]
//! What files a server has.
//!
//! A listing is a stream of [`Entry`] values, in constant memory, whatever it is read from. Protocols
//! differ in how sure they are of sizes and times, and say so: [`Size`], [`Time`]. Where something could
//! not be read, a [`Listing`] names it, and nothing below it may be taken for gone.

pub mod check;
pub mod compare;
mod crawl;
mod entry;
mod error;
pub mod ftp;
pub mod http;
mod intake;
mod lines;
mod listing;
pub mod local;
mod options;
pub mod rsync;
mod times;

pub use entry::{Entry, Kind, Mode, Size, Time};
pub use error::Error;
pub use listing::{Listing, Sink, Unread};
pub use options::Options;
