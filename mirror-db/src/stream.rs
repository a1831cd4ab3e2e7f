//! Reading a whole table in the background.

use crate::{
    ConnectionInfo, DbError, Pool, Statement, Unavailable, connect, pool::text_columns,
    session::message, value::TextParam,
};
use futures_util::TryStreamExt;
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::{runtime, time::timeout};
use tokio_postgres::types::ToSql;

/// How long the server may take for the first row, and between two.
const PATIENCE: Duration = Duration::from_secs(30);

impl Pool {
    /// Runs a statement on a connection of its own and gives its rows to `each`, one at a time, so
    /// that a table of any size needs no memory here: every column as text, `None` for NULL. `each`
    /// returns false to end early.
    ///
    /// Blocks the calling thread: made for background threads. Gives up where the server takes
    /// longer than 30 s from one row to the next, and when the pool stops. Needs no started pool,
    /// and does not count for `max_connections`.
    pub fn stream(
        &self,
        statement: &Statement,
        parameters: &[&str],
        mut each: impl FnMut(&[Option<String>]) -> bool,
    ) -> Result<(), DbError> {
        let info = self.info();
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build();
        let runtime = runtime.map_err(|error| DbError::query_failed(error.to_string()))?;
        let mut stop = self.stop_signal();
        let result = runtime.block_on(async {
            tokio::select! {
                result = stream(info, statement, parameters, &mut each) => result,
                _ = stop.wait_for(|stop| *stop) => Err(Unavailable.into()),
            }
        });
        // A name look-up may still be under way.
        runtime.shutdown_background();
        result
    }
}

async fn stream(
    info: &ConnectionInfo,
    statement: &Statement,
    parameters: &[&str],
    each: &mut impl FnMut(&[Option<String>]) -> bool,
) -> Result<(), DbError> {
    let link = connect::connect(info, PATIENCE, Arc::new(|_| {})).await;
    let link = link.map_err(|error| failure(statement, &error.to_string()))?;
    let pg = |error: tokio_postgres::Error| failure(statement, &message(&error));
    let late = |_| DbError::from(Unavailable);
    let prepared = timeout(PATIENCE, link.client.prepare(&statement.sql)).await;
    let prepared = prepared.map_err(late)?.map_err(pg)?;
    if prepared.params().len() != parameters.len() {
        return Err(failure(statement, "wrong number of parameters"));
    }
    let texts: Vec<TextParam<'_>> = parameters.iter().map(|text| TextParam(text)).collect();
    let texts = texts.iter().map(|text| text as &(dyn ToSql + Sync));
    let rows = timeout(PATIENCE, link.client.query_raw(&prepared, texts)).await;
    let mut rows = pin!(rows.map_err(late)?.map_err(pg)?);
    while let Some(row) = timeout(PATIENCE, rows.try_next())
        .await
        .map_err(late)?
        .map_err(pg)?
    {
        if !each(&text_columns(statement, &row)?) {
            break;
        }
    }
    Ok(())
}

fn failure(statement: &Statement, text: &str) -> DbError {
    DbError::query_failed(format!("{}: {text}", statement.name))
}
