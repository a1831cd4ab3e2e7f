#![forbid(unsafe_code)]
//! The lines of files with prefixes and AS numbers, as the program `asn-import` reads them.

pub mod line;
