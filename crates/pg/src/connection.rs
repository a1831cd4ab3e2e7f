//! A connection of its own for work beside the requests: statements one after the other, and whole
//! tables in and out.
//!
//! It blocks the calling thread, but never for good: each step has a deadline, and the server is
//! told to give up as well.

mod transaction;

use crate::connect::{self, Link, Purpose};
use crate::session::message;
use crate::sessions::Mark;
use crate::{ConnectionInfo, Row};
use bytes::Bytes;
use futures_util::{SinkExt, TryStreamExt};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{self, Runtime};
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

pub use transaction::Transaction;

/// The longest that connecting takes unless `connect_timeout` says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What went wrong, in one line, with the server's SQLSTATE if it has answered. Holds no password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConnectionError {
    message: String,
    code: Option<SqlState>,
    is_column: bool,
}

impl ConnectionError {
    pub(crate) fn ours(message: String) -> Self {
        Self {
            message,
            code: None,
            is_column: false,
        }
    }

    /// About a column of an answer.
    pub(crate) fn column(message: String) -> Self {
        Self {
            is_column: true,
            ..Self::ours(message)
        }
    }

    /// Whether the server has answered, with a column that is none for what was asked: its tables are not
    /// those that we know.
    pub fn is_about_column(&self) -> bool {
        self.is_column
    }

    /// The same about a table, which the message names.
    #[must_use]
    pub fn in_table(self, table: &str) -> Self {
        Self {
            message: format!("table {table}: {}", self.message),
            ..self
        }
    }

    /// What the server calls it; `None` if it has not answered, or sees nothing wrong.
    pub fn code(&self) -> Option<&SqlState> {
        self.code.as_ref()
    }
}

impl From<tokio_postgres::Error> for ConnectionError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self {
            message: message(&error),
            code: error.code().cloned(),
            is_column: false,
        }
    }
}

/// A value for a placeholder of a statement.
pub type Parameter<'a> = &'a (dyn ToSql + Sync);

/// The columns of a row as text; `None` is NULL.
pub type TextRow = Vec<Option<String>>;

/// An open connection.
pub struct Connection {
    // Before the runtime, which its end needs.
    link: Link,
    runtime: Runtime,
    patience: Duration,
    /// What a transaction begins with in a session that is a pooler's, and so ours for a transaction
    /// only; None if it is ours, and was made what we want it to be.
    begin: Option<String>,
    in_transaction: bool,
}

impl Connection {
    /// Connects, and runs the statements of `DBDInitSQL`. From then on each step may take as long
    /// as `patience`: a statement, or the time between two pieces of a copy.
    ///
    /// # Errors
    /// If no server answers in time, or a statement fails.
    pub fn open(
        info: &ConnectionInfo,
        init_sql: &[String],
        patience: Duration,
    ) -> Result<Self, ConnectionError> {
        let failed = ConnectionError::ours;
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|e| failed(e.to_string()))?;
        let limit = info.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        let mark = Mark::new();
        let time = format!("statement_timeout={}", patience.as_millis());
        let purpose = Purpose {
            limit,
            notifier: Arc::new(|_| ()),
            follow_name: false,
            // Not by `SET`, which would stay in a session that a pooler gives to others.
            options: Some(format!("{} -c {time}", mark.options())),
        };
        let link = runtime
            .block_on(connect::connect(info, &purpose))
            .map_err(|e| failed(e.to_string()))?;
        let mut connection = Self {
            link,
            runtime,
            patience,
            begin: None,
            in_transaction: false,
        };
        if connection.runtime.block_on(mark.is_on(&connection.link)) {
            for sql in init_sql {
                connection.run(sql)?;
            }
        } else {
            let first = [format!("BEGIN; SET LOCAL {time}")];
            let all: Vec<&str> = first.iter().chain(init_sql).map(String::as_str).collect();
            connection.begin = Some(all.join(";\n"));
        }
        Ok(connection)
    }

    /// Does what takes more than one message, in one session. What only reads is rolled back, and with
    /// it the settings of `DBDInitSQL`.
    fn in_one_session<T>(
        &mut self,
        end: &str,
        work: impl FnOnce(&mut Self) -> Result<T, ConnectionError>,
    ) -> Result<T, ConnectionError> {
        let Some(begin) = self.begin.clone().filter(|_| !self.in_transaction) else {
            return work(self);
        };
        self.run(&begin)?;
        let done = work(self);
        let ended = self.run(if done.is_ok() { end } else { "ROLLBACK" });
        done.and_then(|done| ended.map(|()| done))
    }

    /// Runs statements that give no rows.
    ///
    /// # Errors
    /// If one fails, or they take too long.
    pub fn run(&mut self, sql: &str) -> Result<(), ConnectionError> {
        let work = self.link.client.batch_execute(sql);
        self.runtime.block_on(within(self.patience, work))
    }

    /// The rows of a statement with placeholders `$1`, `$2`, ... and their values.
    ///
    /// # Errors
    /// If it fails or takes too long.
    pub fn query(
        &mut self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, ConnectionError> {
        self.in_one_session("COMMIT", |this| {
            let work = this.link.client.query(sql, parameters);
            let rows = this.runtime.block_on(within(this.patience, work))?;
            Ok(Row::all(rows))
        })
    }

    /// Runs a statement with placeholders and returns the number of rows that it has changed.
    ///
    /// # Errors
    /// If it fails or takes too long.
    pub fn execute(
        &mut self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<u64, ConnectionError> {
        self.in_one_session("COMMIT", |this| {
            let work = this.link.client.execute(sql, parameters);
            this.runtime.block_on(within(this.patience, work))
        })
    }

    /// The rows of a query without placeholders, as text.
    ///
    /// # Errors
    /// If it fails or takes too long.
    pub fn rows(&mut self, sql: &str) -> Result<Vec<TextRow>, ConnectionError> {
        let answer = self.in_one_session("ROLLBACK", |this| {
            let work = this.link.client.simple_query(sql);
            this.runtime.block_on(within(this.patience, work))
        })?;
        let rows = answer.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                let column = |i| row.get(i).map(str::to_owned);
                Some((0..row.len()).map(column).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    /// Runs `COPY ... TO STDOUT` and hands each piece of its text to `take`. A piece may end
    /// anywhere in a line.
    ///
    /// # Errors
    /// If it fails, or nothing comes for too long.
    pub fn copy_out(
        &mut self,
        sql: &str,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), ConnectionError> {
        self.in_one_session("ROLLBACK", |this| {
            let patience = this.patience;
            this.runtime.block_on(async {
                let stream = within(patience, this.link.client.copy_out(sql)).await?;
                let mut stream = pin!(stream);
                while let Some(piece) = within(patience, stream.try_next()).await? {
                    take(&piece);
                }
                Ok(())
            })
        })
    }

    /// Runs `COPY ... FROM STDIN` with the pieces of text that `next` gives, and returns the number
    /// of rows.
    ///
    /// # Errors
    /// If it fails, or the server takes nothing for too long.
    pub fn copy_in(
        &mut self,
        sql: &str,
        mut next: impl FnMut() -> Option<Vec<u8>>,
    ) -> Result<u64, ConnectionError> {
        self.in_one_session("COMMIT", |this| {
            let patience = this.patience;
            this.runtime.block_on(async {
                let sink = within(patience, this.link.client.copy_in(sql)).await?;
                let mut sink = pin!(sink);
                while let Some(piece) = next() {
                    within(patience, sink.feed(Bytes::from(piece))).await?;
                }
                within(patience, sink.finish()).await
            })
        })
    }
}

/// Waits for `work`, at most `patience`.
async fn within<T>(
    patience: Duration,
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, ConnectionError> {
    match tokio::time::timeout(patience, work).await {
        Ok(result) => result.map_err(ConnectionError::from),
        Err(_) => Err(ConnectionError::ours(format!(
            "no answer within {} s",
            patience.as_secs_f32()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::postgres::Cluster;

    fn open(params: &str) -> Result<Connection, ConnectionError> {
        let info = ConnectionInfo::parse(params).unwrap();
        let init = ["SET search_path = pg_catalog, public".to_owned()];
        Connection::open(&info, &init, Duration::from_secs(5))
    }

    #[test]
    fn tables_go_in_and_out() {
        let db = Cluster::shared().database("background", &[]);
        let mut connection = open(&db.params()).unwrap();
        connection
            .run("CREATE TABLE public.t (a int, b text)")
            .unwrap();
        let mut lines = ["1\tone\n2\t", "\\N\n"]
            .map(|s| s.as_bytes().to_vec())
            .into_iter();
        let copied = connection.copy_in("COPY t FROM STDIN", || lines.next());
        assert_eq!(copied, Ok(2));
        let rows = connection.rows("SELECT a, b FROM t ORDER BY a").unwrap();
        assert_eq!(
            rows,
            [
                [Some("1".into()), Some("one".into())],
                [Some("2".into()), None]
            ]
        );
        let mut text = Vec::new();
        connection
            .copy_out("COPY t TO STDOUT", |piece| text.extend_from_slice(piece))
            .unwrap();
        assert_eq!(text, b"1\tone\n2\t\\N\n");
    }

    #[test]
    fn a_statement_that_fails_says_why_and_leaves_the_connection() {
        let db = Cluster::shared().database("background_errors", &[]);
        let mut connection = open(&db.params()).unwrap();
        let error = connection
            .copy_out("COPY nothing TO STDOUT", |_| ())
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "relation \"nothing\" does not exist (SQLSTATE 42P01)"
        );
        assert_eq!(
            connection.rows("SELECT 1"),
            Ok(vec![vec![Some("1".into())]])
        );
    }

    #[test]
    fn values_travel_as_parameters() {
        let db = Cluster::shared().database("connection_parameters", &[]);
        let mut connection = open(&db.params()).unwrap();
        let text = "it's \\ \"100%\"; DROP TABLE server; --";
        let rows = connection
            .query("SELECT $1::text, $2::bigint", &[&text, &7_i64])
            .unwrap();
        let values: Vec<(String, i64)> = rows
            .iter()
            .map(|r| (r.get(0).unwrap(), r.get(1).unwrap()))
            .collect();
        assert_eq!(values, [(text.to_owned(), 7)]);
        let error = connection.execute("SELECT 1 / $1::int", &[&0]).unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::DIVISION_BY_ZERO));
    }

    #[test]
    fn a_server_that_is_away_is_named() {
        let port = harness::free_port();
        let error = open(&format!("host=127.0.0.1 port={port}"))
            .map(drop)
            .unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(&format!("127.0.0.1:{port}: ")), "{text}");
    }
}
