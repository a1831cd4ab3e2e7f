#![forbid(unsafe_code)]
//! Everything that metalinks, torrents and zsync need of a file, in one read of it.
//!
//! ```
//! # use std::io::Write;
//! let mut file = tempfile::tempfile()?;
//! file.write_all(b"hello")?;
//! let sums = hashing::hash(&file, &hashing::Plan::default(), &|_bytes| ())?;
//! assert_eq!(sums.size, 5);
//! assert_eq!(sums.digests.md5[..4], [0x5d, 0x41, 0x40, 0x2a]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Memory is constant: a file is read in chunks of 1 MiB, of which at most twelve are under way, and sums
//! that grow with the file ([`Sums::pieces`], [`Sums::zsync`], the piece layer of [`Tree`]) go to a temporary file
//! when they exceed 1 MiB. A large file occupies as many cores as there are digests; hashing several files at once is
//! up to the caller.

mod digests;
mod error;
mod lanes;
mod merkle;
mod pieces;
mod read;
mod spool;
mod sums;
pub mod torrent;
pub mod zsync;

pub use digests::Digests;
pub use error::HashError;
pub use merkle::Tree;
pub use spool::Spool;
pub use sums::{Plan, Sums, hash};
