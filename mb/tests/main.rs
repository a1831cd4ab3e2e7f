//! `mb` as administrators and scripts call it, on a real PostgreSQL.

mod asn_import;
mod recorded;
mod schema;
