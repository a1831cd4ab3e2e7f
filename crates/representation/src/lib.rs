#![forbid(unsafe_code)]
//! The documents of a file: redirect, metalink, mirror list, torrent, zsync, magnet, hashes, yum
//! list; and the negotiation that picks one of them.
//!
//! Everything here is a function of its arguments: no httpd, no database, no clock. A request
//! handler reads the query ([`query`]), the suffix ([`suffix`]) and the `Accept` header
//! ([`accept`]) to learn which [`Representation`] is wanted, gathers the facts into one
//! [`Document`], and calls [`Document::answer`] or [`redirect::Redirect::headers`].
//!
//! Names of files and paths are bytes throughout, as they are on disk: UTF-8 or not. Each writer
//! escapes them for the place where they stand (see [`escape`]).

pub mod accept;
pub mod answer;
mod date;
pub mod document;
pub mod escape;
mod hashes;
mod magnet;
mod meta4;
mod metalink3;
mod mirrorlist;
pub mod query;
pub mod redirect;
mod representation;
mod site;
mod sources;
pub mod suffix;
mod sums;
mod torrent;
mod xml;
pub mod yum;
mod zsync;

pub use answer::{Answer, Missing, Part, Segment};
pub use document::{BrokenMirrors, ClientInfo, Document, File, Hashes, Sources, Zsync};
pub use representation::{Digest, Representation};
pub use site::{DhtNode, Publisher, Site};
pub use sources::{Behind, Origin};
pub use sums::{InfoHash, Sums};
