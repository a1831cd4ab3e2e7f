#![forbid(unsafe_code)]
//! A PostgreSQL client that never makes its caller wait without end.
//!
//! [`ConnectionInfo`] reads what libpq reads. [`Connection`] is a blocking connection for tools;
//! [`Pool`] is for requests: a [`Driver`] drives its connections in the background, each
//! [`Statement`] has a circuit breaker of its own, and everything has a deadline.

mod certificate;
mod connect;
mod connection;
mod connection_info;
mod driver;
mod error;
mod password_file;
mod pool;
mod queue;
mod reply;
mod row;
mod session;
mod sessions;
mod settings;
mod shared;
mod statement;
mod supervisor;
mod tls;
mod value;

pub use connection::{Connection, ConnectionError, Parameter, TextRow, Transaction};
pub use connection_info::{ConnectionInfo, ConnectionInfoError, Endpoint};
pub use driver::{Driver, Work};
pub use error::{DbError, QueryFailure, Unavailable};
pub use pool::{Common, Pool, text_columns, turns};
pub use queue::Answer;
pub use reply::Reply;
pub use row::Row;
pub use settings::PoolSettings;
pub use shared::{Event, Listener};
pub use statement::Statement;
pub use tokio_postgres::error::SqlState;
pub use value::{TextParam, TextValue};
