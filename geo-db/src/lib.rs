#![forbid(unsafe_code)]
//! Country, coordinates and AS of an address from an mmdb file.
