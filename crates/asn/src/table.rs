//! From the address of a client to its network: the smallest range that holds it, and the AS.
//!
//! Ranges are what PostgreSQL's ip4r extension calls `iprange`: IPv4 or IPv6, CIDR or from one
//! address to another, nested or overlapping. [`Builder`] takes them in any order, cuts them
//! into disjoint intervals and writes a flat file; [`Table`] answers from the bytes of such a
//! file, in memory or mapped, by one binary search. The file is never changed once written:
//! processes share one copy of it in the page cache, and a new table is a new file.
//!
//! The answer is that of `WHERE pfx >>= address ORDER BY @ pfx LIMIT 1`. Where several ranges
//! of one size hold the address, SQL gives any; this table gives the one that starts first, and
//! of equal ranges the lowest AS number.

mod address;
mod builder;
mod flat;
mod intervals;
mod layout;
mod range;
pub mod synthetic;

pub use address::last_address;
pub use builder::{Builder, Summary};
pub use flat::{InvalidTable, Network, Prefix, Table};
pub use range::{ParseRangeError, Range};
