//! The tables as an administrator's tools see them: one file each, with its statements, its row, what
//! reads it and what writes it. Every value is a parameter.
//!
//! All of it works on the tables as MirrorBrain 2.19 makes them and on those of `sql/schema.sql`, but for
//! what says that it needs the migrations.

pub mod columns;
mod copy;
pub mod deviation;
pub mod filearr;
pub mod hash;
pub mod job;
pub mod marker;
pub mod pfx2asn;
pub mod place_name;
pub mod relation;
pub mod scan;
pub mod server;
pub mod snapshot;
pub mod version;

/// All statements, by the table that they belong to.
pub const STATEMENTS: &[(&str, &[&str])] = &[
    ("pg_attribute", columns::STATEMENTS),
    ("filearr", filearr::STATEMENTS),
    ("filearr", filearr::listed::STATEMENTS),
    ("filearr", filearr::merge::STATEMENTS),
    ("hash", hash::STATEMENTS),
    ("hash", hash::record::STATEMENTS),
    ("marker", marker::STATEMENTS),
    ("pfx2asn", pfx2asn::STATEMENTS),
    ("country, region", place_name::STATEMENTS),
    ("pg_class", relation::STATEMENTS),
    ("scan", scan::STATEMENTS),
    ("server", server::STATEMENTS),
    ("pg_catalog", snapshot::STATEMENTS),
    ("version", version::STATEMENTS),
];

/// Those that need the migrations, likewise.
pub const MIGRATED_STATEMENTS: &[(&str, &[&str])] = &[
    ("filearr", filearr::merge::ADDED_STATEMENTS),
    ("deviation", deviation::STATEMENTS),
    ("job", job::STATEMENTS),
    ("filearr", filearr::listed::ADDED_STATEMENTS),
    ("scan", scan::ADDED_STATEMENTS),
];

#[cfg(test)]
mod tests;
