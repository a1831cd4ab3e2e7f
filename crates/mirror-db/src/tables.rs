//! The tables as an administrator's tools see them: one file each, with its statements, its row, what
//! reads it and what writes it. Every value is a parameter.
//!
//! All of it works on the tables as MirrorBrain 2.19 makes them and on those of `sql/schema.sql`.

pub mod columns;
pub mod filearr;
pub mod hash;
pub mod marker;
pub mod pfx2asn;
pub mod place_name;
pub mod relation;
pub mod server;
pub mod snapshot;
pub mod version;

/// All statements, by the table that they belong to.
pub const STATEMENTS: &[(&str, &[&str])] = &[
    ("pg_attribute", columns::STATEMENTS),
    ("filearr", filearr::STATEMENTS),
    ("hash", hash::STATEMENTS),
    ("marker", marker::STATEMENTS),
    ("pfx2asn", pfx2asn::STATEMENTS),
    ("country, region", place_name::STATEMENTS),
    ("pg_class", relation::STATEMENTS),
    ("server", server::STATEMENTS),
    ("pg_catalog", snapshot::STATEMENTS),
    ("version", version::STATEMENTS),
];

#[cfg(test)]
mod tests;
