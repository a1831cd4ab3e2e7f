#![forbid(unsafe_code)]
//! From an address to its network and the autonomous system (AS) that it belongs to.
//!
//! [`table`] finds the smallest range that holds an address, in the bytes of a flat file. [`shared`] keeps such a file
//! in step with the table `pfx2asn` of a database, one process for all. [`import`] fills that table from what
//! routing registries publish.

pub mod import;
pub mod shared;
pub mod table;
