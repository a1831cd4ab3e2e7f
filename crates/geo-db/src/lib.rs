#![forbid(unsafe_code)]
//! Country, coordinates and AS of an address from an mmdb file.
//!
//! The file is in MaxMind DB format 2.0. Its records follow the schema of MaxMind's databases
//! (GeoIP2 and GeoLite2: City, Country, ASN) or the flat one that others use, with
//! `country_code`, `latitude`, `longitude` and `autonomous_system_number` at the top level.
//!
//! [`Database`] answers from one file, [`Reloading`] from whatever file is at a path now. How a
//! file gets into memory is the caller's choice, since mapping one is unsafe.

mod city;
mod database;
mod record;
mod reloading;
#[cfg(feature = "writer")]
pub mod writer;

pub use city::City;
pub use database::{AutonomousSystem, Database, Error, Opener, Place};
pub use reloading::{Event, Reloading};
