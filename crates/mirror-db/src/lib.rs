#![forbid(unsafe_code)]
//! The tables of a MirrorBrain database: their SQL, their rows, and how these are read and written.
//!
//! One file for each table. What sites ask with queries of their own comes in through
//! [`CustomQuery`]; what the tables have to be like is in [`schema`].

mod file_version;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod own_query;
pub mod schema;
pub mod tables;

pub use file_version::FileVersion;
pub use own_query::{CustomQuery, CustomQueryError};
pub use tables::hash::{Detail, Digests, FileHashes, ZsyncLayout};
