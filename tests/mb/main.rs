//! `mb` as administrators and scripts call it, on a real PostgreSQL.

mod asn_import;
mod bad_input;
mod demo;
mod documented;
mod dry_run;
mod editing;
mod exporting;
mod generated;
mod hostile;
mod init;
mod json;
mod makehashes;
mod recorded;
mod scan;
mod schema;
mod site;
mod terminal;
