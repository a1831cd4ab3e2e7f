//! One connection at work.

mod failure;
mod transaction;

use crate::connect::Link;
use crate::queue::Job;
use crate::sessions::{Mark, Owner};
use crate::shared::Shared;
use crate::statement::Statement;
use crate::value::TextParam;
use crate::{DbError, Unavailable};
use background::LogLevel;

use background::Point;
pub(crate) use failure::message;
use failure::{Failure, classify, failed, is_stale};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// A connection with its prepared statements.
pub(crate) struct Session {
    link: Link,
    prepared: HashMap<usize, tokio_postgres::Statement>,
    owner: Owner,
    /// What each transaction begins with, where the session is not ours.
    init_sql: String,
}

/// Why a session ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// There was nothing to do for long.
    Idle,
    /// The connection broke.
    Lost(String),
    /// The server did not answer in time; to what, and how long that is.
    Hung(String),
}

/// How often a job is given to another connection. All may break at the same time; but a job that
/// makes the server crash must come to an end.
const RETRIES: u8 = 4;

const HANGS: &str = "the server hangs";

impl Session {
    /// Prepares a new connection for work.
    pub async fn new(link: Link, mark: Option<&Mark>, shared: &Shared) -> Result<Self, String> {
        shared.remark(&link.remarks);
        let owner = shared.sessions.owner(&link, mark, &shared.info).await;
        let mut session = Self {
            link,
            prepared: HashMap::new(),
            owner,
            init_sql: String::new(),
        };
        match owner {
            Owner::Connection => session.set_up(shared).await?,
            Owner::Transaction => {
                Self::say_shared(shared);
                session.keep_init_sql(shared).await;
            }
        }
        Ok(session)
    }

    /// Makes the session what we want it to be.
    async fn set_up(&self, shared: &Shared) -> Result<(), String> {
        let link = &self.link;
        if !shared.info.has_statement_timeout() {
            let set = set_timeout(server_time(shared.settings.query_timeout));
            link.client
                .batch_execute(&set)
                .await
                .map_err(|e| message(&e))?;
        }
        if let Some(listener) = &shared.listener {
            // Refused by a standby. Without notifications answers are as old as they may be.
            let _ = link
                .client
                .batch_execute(&format!("LISTEN {}", listener.channel))
                .await;
        }
        if shared.settings.generic_plans {
            // An older server does not know it.
            let set = "SET plan_cache_mode = force_generic_plan";
            let _ = link.client.batch_execute(set).await;
        }
        for (number, sql) in (1..).zip(&shared.settings.init_sql) {
            // One that fails is the administrator's to mend; the connection is good.
            if let Err(error) = link.client.batch_execute(sql).await {
                shared.init_failed(number, sql, &error);
            }
        }
        Ok(())
    }

    /// Where it leads to, as `host:port`.
    pub fn server(&self) -> &str {
        &self.link.remarks.server
    }

    /// Sees that the connection answers, and that it lasts for so long.
    pub async fn prove(&mut self, time: Duration) -> Result<(), String> {
        let answer = self.link.client.batch_execute("SELECT 1").await;
        answer.map_err(|error| message(&error))?;
        tokio::select! {
            _ = &mut self.link.driver => Err("connections are accepted and closed".to_owned()),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }

    /// Works until the connection breaks, or until there was nothing to do for `patience`.
    pub async fn serve(mut self, shared: &Shared, patience: Option<Duration>) -> Ended {
        shared.alive.fetch_add(1, Ordering::Relaxed);
        let mut down = shared.down.subscribe();
        let ended = self.work(shared, patience, &mut down).await;
        shared.alive.fetch_sub(1, Ordering::Relaxed);
        ended
    }

    async fn work(
        &mut self,
        shared: &Shared,
        patience: Option<Duration>,
        down: &mut watch::Receiver<()>,
    ) -> Ended {
        loop {
            let jobs = shared.queue.take();
            if jobs.is_empty() {
                shared.idle_changed(1);
                // Whoever came before that thought that this connection was at work.
                if shared.queue.oldest().is_some() {
                    shared.idle_changed(-1);
                    continue;
                }
                let waited = self.wait(shared, patience, down).await;
                shared.idle_changed(-1);
                match waited {
                    Ok(()) => continue,
                    Err(ended) => return ended,
                }
            }
            Point::Session.pass();
            if let Err(ended) = self.run(shared, jobs, down).await {
                return ended;
            }
        }
    }

    async fn wait(
        &mut self,
        shared: &Shared,
        patience: Option<Duration>,
        down: &mut watch::Receiver<()>,
    ) -> Result<(), Ended> {
        let patience = patience.unwrap_or(Duration::from_secs(86_400));
        tokio::select! {
            () = shared.queue.wake.notified() => Ok(()),
            result = &mut self.link.driver => Err(Ended::Lost(match result {
                Ok(Err(reason)) => reason,
                _ => "the server closed the connection".to_owned(),
            })),
            Ok(()) = down.changed() => Err(Ended::Lost(HANGS.to_owned())),
            () = tokio::time::sleep(patience) => Err(Ended::Idle),
        }
    }

    /// Runs jobs of one statement in one round trip and answers them.
    async fn run(
        &mut self,
        shared: &Shared,
        jobs: Vec<Job>,
        down: &mut watch::Receiver<()>,
    ) -> Result<(), Ended> {
        let Some(first) = jobs.first() else {
            return Ok(());
        };
        let statement = first.statement.clone();
        if let Some(failure) = statement.failure()
            && !first.probe
        {
            answer_all(jobs, &failure);
            return Ok(());
        }
        let _beside = statement.beside.then(|| shared.works_beside());
        let (before, begun) = ((statement.successes(), shared.successes()), Instant::now());
        let limit = shared.settings.query_timeout;
        let result = tokio::select! {
            result = timeout(limit, self.execute(shared, &statement, &jobs)) => result,
            // Another connection found out that the server hangs.
            Ok(()) = down.changed() => {
                answer_all(jobs, &Unavailable.into());
                return Err(Ended::Lost(HANGS.to_owned()));
            }
        };
        match result {
            Ok(Ok(rows)) => {
                if let Some(step) = statement.step {
                    shared.numbers.record(step, begun.elapsed());
                }
                shared.succeeded(&statement);
                deliver(&statement, jobs, rows);
                Ok(())
            }
            Ok(Err(Failure::Statement(error, lasting))) => {
                shared.answered();
                if lasting {
                    shared.statement_failed(&statement, error.clone());
                    answer_all(jobs, &error);
                } else if jobs.len() > 1 {
                    // The fault may lie with one of them, such as a name that the database's
                    // encoding does not have.
                    split(shared, jobs);
                } else {
                    answer_all(jobs, &error);
                }
                Ok(())
            }
            Ok(Err(Failure::Cancelled(error))) => {
                shared.answered();
                if statement.successes() == before.0 {
                    shared.statement_failed(&statement, error.clone());
                }
                answer_all(jobs, &error);
                Ok(())
            }
            Ok(Err(Failure::Lost(reason))) => {
                retry_all(shared, jobs);
                Err(Ended::Lost(reason))
            }
            Ok(Err(Failure::Elsewhere)) => {
                shared.sessions.found_shared();
                retry_all(shared, jobs);
                Err(Ended::Lost("its session is given to others".to_owned()))
            }
            Err(_) => {
                answer_all(jobs, &Unavailable.into());
                let others_work = shared.successes() != before.1;
                Err(if others_work {
                    Ended::Lost("no answer".to_owned())
                } else {
                    let seconds = limit.as_secs_f32();
                    Ended::Hung(format!(
                        "no answer within {seconds} s to {}",
                        statement.name
                    ))
                })
            }
        }
    }

    async fn execute(
        &mut self,
        shared: &Shared,
        statement: &Statement,
        jobs: &[Job],
    ) -> Result<Vec<Row>, Failure> {
        if self.owner == Owner::Transaction {
            return self.execute_in_transaction(shared, statement, jobs).await;
        }
        let prepared = self.prepare(statement).await?;
        match self.query(statement, &prepared, jobs).await {
            // The statement was prepared against a table that has changed since.
            Err(error) if is_stale(&error) => {
                self.prepared.remove(&statement.id);
                let prepared = self.prepare(statement).await?;
                self.query(statement, &prepared, jobs).await
            }
            result => result,
        }
        .map_err(|error| classify(statement, &error, false))
    }

    async fn prepare(
        &mut self,
        statement: &Statement,
    ) -> Result<tokio_postgres::Statement, Failure> {
        if let Some(prepared) = self.prepared.get(&statement.id) {
            return Ok(prepared.clone());
        }
        let prepared = self.link.client.prepare(&statement.sql).await;
        let prepared = prepared.map_err(|error| classify(statement, &error, true))?;
        let count = prepared.params().len();
        if count != statement.parameters {
            let name = statement.name;
            let given = statement.parameters;
            return Err(failed(
                &format!("{name}: {count} parameters instead of {given}"),
                true,
            ));
        }
        let found = prepared.columns().len();
        if let Some(wanted) = statement.columns.filter(|&wanted| wanted != found) {
            let name = statement.name;
            return Err(failed(
                &format!("{name}: {found} columns instead of {wanted}"),
                true,
            ));
        }
        self.prepared.insert(statement.id, prepared.clone());
        Ok(prepared)
    }

    async fn query(
        &self,
        statement: &Statement,
        prepared: &tokio_postgres::Statement,
        jobs: &[Job],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        let client = &self.link.client;
        let keys: Vec<&str>;
        let texts: Vec<TextParam<'_>>;
        let parameters: Vec<&(dyn ToSql + Sync)> = if statement.batched {
            keys = jobs
                .iter()
                .filter_map(|job| job.parameters.first().map(String::as_str))
                .collect();
            vec![&keys]
        } else {
            let given = jobs
                .first()
                .map(|job| job.parameters.as_slice())
                .unwrap_or_default();
            texts = given
                .iter()
                .take(statement.parameters)
                .map(|text| TextParam(text))
                .collect();
            texts.iter().map(|text| text as _).collect()
        };
        if parameters.len() != statement.parameters {
            // tokio-postgres would panic.
            return Ok(Vec::new());
        }
        client.query(prepared, &parameters).await
    }
}

/// A little less than we wait, so that the server's word on the matter arrives in time.
fn server_time(limit: Duration) -> Duration {
    limit * 7 / 8
}

fn set_timeout(time: Duration) -> String {
    format!("SET statement_timeout = {}", time.as_millis())
}

fn answer_all(jobs: Vec<Job>, error: &DbError) {
    for job in jobs {
        job.answer(Err(error.clone()));
    }
}

/// A connection can break because the server was restarted, or by its idle time-out: jobs get
/// another chance.
fn retry_all(shared: &Shared, jobs: Vec<Job>) {
    for mut job in jobs {
        if job.lost >= RETRIES || job.deadline <= Instant::now() {
            job.answer(Err(Unavailable.into()));
            continue;
        }
        job.lost += 1;
        // A full queue gives it back, to be dropped and so answered.
        let _ = shared.queue.push(job);
    }
}

/// Has each job run on its own.
fn split(shared: &Shared, jobs: Vec<Job>) {
    for mut job in jobs {
        job.alone = true;
        // A full queue gives it back, to be dropped and so answered.
        let _ = shared.queue.push(job);
    }
}

/// Gives each job its rows.
fn deliver(statement: &Arc<Statement>, jobs: Vec<Job>, rows: Vec<Row>) {
    if !statement.batched {
        let mut rows = Some(rows);
        for job in jobs {
            job.answer(Ok(rows.take().unwrap_or_default()));
        }
        return;
    }
    let mut by_key: HashMap<String, Vec<Row>> = HashMap::with_capacity(jobs.len());
    for row in rows {
        if let Ok(key) = row.try_get::<_, String>(0) {
            by_key.entry(key).or_default().push(row);
        }
    }
    for job in jobs {
        let rows = job.parameters.first().and_then(|key| by_key.remove(key));
        job.answer(Ok(rows.unwrap_or_default()));
    }
}

impl Shared {
    /// `DBDInitSQL` failed: said once, until another message takes its place.
    fn init_failed(&self, number: usize, sql: &str, error: &tokio_postgres::Error) {
        // Never the whole: it may set a password.
        let word = sql.split_whitespace().next().unwrap_or_default();
        let text = format!("DBDInitSQL {number} ({word} ...): {}", message(error));
        if self.last_init_failure.replace(&text) {
            self.log(LogLevel::Error, &text);
        }
    }
}
