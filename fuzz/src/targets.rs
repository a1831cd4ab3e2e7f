//! The targets, by where their input comes from.

pub mod asn;
pub mod configuration;
pub mod database;
pub mod documents;
pub mod listing;
pub mod mirror_files;
pub mod mmdb;
pub mod network;
pub mod request;
pub mod tool;
pub mod view;

/// Splits an input into fields: NUL is the one byte that no name, header or value can hold.
fn fields(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    input.split(|&byte| byte == 0)
}
