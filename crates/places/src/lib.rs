#![forbid(unsafe_code)]
//! Countries, continents, and places on the globe: what is said of them anywhere is said here.

mod code;
mod continent;
mod coordinates;
mod country;

pub use code::{Code, Region};
pub use continent::Continent;
pub use coordinates::{coordinates, parse_coordinates};
pub use country::{continent_of, country_name};
