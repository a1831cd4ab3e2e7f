#![forbid(unsafe_code)]
//! The MirrorBrain database: connection string, pool, mirror table, file cache.
//!
//! Everything that talks to PostgreSQL, and nothing that knows of httpd.

mod cache;
mod calm;
mod certificate;
mod connect;
mod connection;
mod connection_info;
mod custom_query;
mod database;
mod databases;
mod driver;
mod error;
mod fetch;
mod file_record;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gauges;
mod log;
mod lookup;
mod mirror_table;
mod own_digests;
mod password_file;
mod pool;
mod queue;
mod refresh;
mod remembered;
mod renew;
mod reply;
pub mod schema;
mod session;
mod sessions;
mod settings;
mod shared;
mod source;
mod statement;
mod sums;
mod supervisor;
pub mod tables;
mod tls;
mod value;
mod waiting;

pub use connection::{Connection, ConnectionError, Parameter, TextRow, Transaction};
pub use connection_info::{ConnectionInfo, ConnectionInfoError};
pub use custom_query::{CustomQuery, CustomQueryError};
pub use database::{CurrentTable, Database};
pub use databases::{Databases, Group, Process, groups};
pub use driver::Driver;
pub use error::{DbError, QueryFailure, Unavailable};
pub use file_record::{Digests, FileRecord, ZsyncLayout};
pub use log::{LogLevel, Logger};
pub use pool::Pool;
pub use remembered::{Found, Remembered};
pub use settings::{PoolSettings, Settings};
pub use statement::Statement;
pub use sums::{Detail, Range, Sums, SumsError};
pub use tokio_postgres::error::SqlState;
