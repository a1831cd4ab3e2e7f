//! Work in a session that is ours for a transaction only: nothing is left in it.

use super::{Failure, Session, classify, failed, server_time};
use crate::queue::Job;
use crate::shared::Shared;
use crate::statement::Statement;
use crate::value::TextParam;
use background::LogLevel;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

impl Session {
    /// Tries `DBDInitSQL` and keeps what works, to be run in each transaction.
    pub(super) async fn keep_init_sql(&mut self, shared: &Shared) {
        for (number, sql) in (1..).zip(&shared.settings.init_sql) {
            let tried = self
                .link
                .client
                .batch_execute(&format!("BEGIN; {sql}"))
                .await;
            // Undoes the settings as well. If it fails, so will whatever comes next.
            let _ = self.link.client.batch_execute("ROLLBACK").await;
            match tried {
                Ok(()) => self.init_sql.push_str(&format!("; {sql}\n")),
                Err(error) => shared.init_failed(number, sql, &error),
            }
        }
    }

    pub(super) fn say_shared(shared: &Shared) {
        let text = format!(
            "{} leads to a pooler that gives sessions to transactions (pgbouncer: \
             pool_mode=transaction): nothing is prepared there, and changes are not heard of but show \
             after MirrorBrainCacheTTL",
            shared.info
        );
        if shared.last_pooler.replace(&text) {
            shared.log(LogLevel::Notice, &text);
        }
    }

    /// Runs jobs of one statement in one transaction.
    pub(super) async fn execute_in_transaction(
        &mut self,
        shared: &Shared,
        statement: &Statement,
        jobs: &[Job],
    ) -> Result<Vec<Row>, Failure> {
        let keys: Vec<&str>;
        let texts: Vec<TextParam<'_>>;
        let parameters: Vec<(&(dyn ToSql + Sync), Type)> = if statement.batched {
            keys = jobs
                .iter()
                .filter_map(|job| job.parameters.first().map(String::as_str))
                .collect();
            vec![(&keys, Type::TEXT_ARRAY)]
        } else {
            let given = jobs.first().map(|job| job.parameters.as_slice());
            let given = given.unwrap_or_default().iter().take(statement.parameters);
            texts = given.map(|text| TextParam(text)).collect();
            // The server finds out what they are.
            texts
                .iter()
                .map(|text| (text as _, Type::UNKNOWN))
                .collect()
        };
        let client = &self.link.client;
        let limit = shared.settings.query_timeout;
        let begin = match shared.info.has_statement_timeout() {
            true => format!("BEGIN{}", self.init_sql),
            false => format!(
                "BEGIN; SET LOCAL statement_timeout = {}{}",
                server_time(limit).as_millis(),
                self.init_sql
            ),
        };
        let end = if self.init_sql.is_empty() {
            "COMMIT"
        } else {
            "ROLLBACK"
        };
        let (begin, query) = (
            client.batch_execute(&begin),
            client.query_typed(&statement.sql, &parameters),
        );
        let end = client.batch_execute(end);
        let rows = if statement.is_own {
            // It may have columns of types that have to be asked for, in the same transaction.
            let rows = match begin.await {
                Ok(()) => query.await,
                Err(error) => Err(error),
            };
            end.await.and(rows)
        } else {
            // Sent without waiting in between: one round trip.
            let (begun, rows, ended) = tokio::join!(begin, query, end);
            begun.and(rows).and_then(|rows| ended.map(|()| rows))
        };
        let rows = rows.map_err(|error| classify(statement, &error, true))?;
        check_columns(statement, &rows).map(|()| rows)
    }
}

/// Without rows nothing is known of the columns, nor needed.
fn check_columns(statement: &Statement, rows: &[Row]) -> Result<(), Failure> {
    match (statement.columns, rows.first().map(Row::len)) {
        (Some(wanted), Some(found)) if wanted != found => {
            let name = statement.name;
            let text = format!("{name}: {found} columns instead of {wanted}");
            Err(failed(&text, true))
        }
        _ => Ok(()),
    }
}
