#![forbid(unsafe_code)]
//! The MirrorBrain database: connection string, pool, mirror table, file cache.
//!
//! Everything that talks to PostgreSQL, and nothing that knows of httpd.

mod connection_info;
mod custom_query;
mod database;
mod error;
mod file_record;
mod hashes;
mod log;
mod mirror_table;
mod settings;

pub use connection_info::{ConnectionInfo, ConnectionInfoError};
pub use custom_query::{CustomQuery, CustomQueryError};
pub use database::Database;
pub use error::{DbError, Unavailable};
pub use file_record::{Digests, FileRecord};
pub use hashes::Hashes;
pub use log::{LogLevel, Logger};
pub use mirror_table::MirrorTable;
pub use settings::{PoolSettings, Settings};
