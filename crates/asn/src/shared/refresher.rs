//! Keeps the table in step with the database, in a thread beside the requests.

use super::file::{Leader, SharedTable};
use crate::shared::pfx2asn;
use crate::table::Summary;
use background::{LogLevel, Logger};
use background::{Point, persist};
use pg::{Connection, ConnectionInfo};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How soon to try again after a failure.
const RETRY: Duration = Duration::from_secs(2);

/// A step of a load that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// The table is read again after this time even if nothing seems to have changed: servers before
/// PostgreSQL 15 can lose statistics.
const FULL_CHECK: Duration = Duration::from_secs(3600);

/// What a process does to have the table of a database.
pub struct Refresher<S: AsRef<[u8]>> {
    /// The table.
    pub table: Arc<SharedTable<S>>,
    /// The database.
    pub database: ConnectionInfo,
    /// `DBDInitSQL`
    pub init_sql: Vec<String>,
    /// How old the table may be.
    pub refresh: Duration,
    /// Receives what an administrator should know; one process of all speaks.
    pub log: Logger,
}

/// Ends the keeper when dropped, at its next step.
pub struct RefresherHandle {
    _stop: Sender<()>,
}

/// What keeps the table from being up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Away(String),
    Table(String),
    Empty,
}

impl<S: AsRef<[u8]> + Send + Sync + 'static> Refresher<S> {
    /// Starts the thread. `loaded` is called once there is a table.
    ///
    /// # Errors
    /// If the system has no thread for us.
    pub fn start(self, loaded: impl Fn() + Send + 'static) -> io::Result<RefresherHandle> {
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new().name("mb-asn".into());
        thread.spawn(move || persist(Point::Networks, || self.run(&receiver, &loaded)))?;
        Ok(RefresherHandle { _stop: sender })
    }

    fn run(&self, stop: &Receiver<()>, loaded: impl Fn()) {
        // The check, the ten seconds that PostgreSQL's counters may be late (see pfx2asn.rs), the
        // load and the look at the file together stay within the time that the site asked for.
        let period = self.refresh.mul_f32(0.75);
        let glance = (self.refresh / 8).min(Duration::from_secs(1));
        let (mut leader, mut due, mut loaded) = (None, Instant::now(), Some(loaded));
        let mut report = Report::new(&self.log);
        let trouble = |error| self.trouble(error);
        loop {
            report.files(self.table.follow().map_err(trouble));
            if leader.is_none() {
                leader = report.files(self.table.lead().map_err(trouble)).flatten();
            }
            if let Some(leader) = leader.as_ref().filter(|_| Instant::now() >= due) {
                let problem = self.update(leader, &report).err();
                let wait = if problem.is_some() {
                    RETRY.min(period)
                } else {
                    period
                };
                due = Instant::now() + wait;
                report.files(self.table.follow().map_err(trouble));
                let empty = (self.table.rows() == Some(0)).then_some(Problem::Empty);
                report.problem(problem.or(empty));
            }
            if self.table.is_loaded()
                && let Some(loaded) = loaded.take()
            {
                loaded();
            }
            match stop.recv_timeout(glance) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return,
            }
        }
    }

    /// What is wrong with the files, and what comes of it.
    fn trouble(&self, error: io::Error) -> String {
        let table = self.table.path().display();
        let now = match self.table.is_loaded() {
            true => "the networks stay as they are in memory",
            false => "the database is asked for each new address",
        };
        format!("cannot use the table of networks in {table}: {error}; until it can, {now}")
    }

    /// Reads the database if it has changed.
    fn update(&self, leader: &Leader<'_, S>, report: &Report<'_>) -> Result<(), Problem> {
        let failed = |error: pg::ConnectionError| Problem::Table(unreadable(error));
        let mut connection = Connection::open(&self.database, &self.init_sql, PATIENCE)
            .map_err(|error| Problem::Away(unreadable(error)))?;
        // Read before the rows: a change in between shows at the next check.
        let version = pfx2asn::version(&mut connection).map_err(failed)?;
        let version = version.ok_or_else(|| {
            let text = "there is no table pfx2asn in the database that DBDParams names";
            Problem::Table(text.to_owned())
        })?;
        if version
            .as_ref()
            .is_some_and(|version| self.is_current(version))
        {
            return Ok(());
        }
        let start = Instant::now();
        let (builder, rows, left_out) = pfx2asn::read(&mut connection).map_err(failed)?;
        if left_out.count > 0 {
            let text = format!(
                "{} of {} rows of pfx2asn are no range and AS number, the first is \"{}\"",
                left_out.count,
                left_out.count + rows,
                left_out.first
            );
            if rows == 0 {
                return Err(Problem::Table(text));
            }
            report.say(LogLevel::Warning, &text);
        }
        let tag = version.unwrap_or_default();
        let written = leader.publish(builder, tag.as_bytes());
        let Summary { rows, bytes } = written.map_err(|error| {
            Problem::Table(format!(
                "cannot write {}: {error}",
                self.table.path().display()
            ))
        })?;
        let seconds = start.elapsed().as_secs_f32();
        let text = format!("loaded pfx2asn: {rows} ranges in {seconds:.2} s, {bytes} bytes");
        report.say(LogLevel::Debug, &text);
        Ok(())
    }

    fn is_current(&self, version: &str) -> bool {
        self.table.origin().is_some_and(|(tag, written)| {
            let age = written.elapsed().unwrap_or_default();
            tag == version.as_bytes() && age < FULL_CHECK
        })
    }
}

/// That the table could not be read, and why.
fn unreadable(error: pg::ConnectionError) -> String {
    format!("cannot read the networks (pfx2asn): {error}")
}

/// Says each thing once.
struct Report<'l> {
    log: &'l Logger,
    problem: Option<Problem>,
    files: Option<String>,
}

impl<'l> Report<'l> {
    fn new(log: &'l Logger) -> Self {
        Self {
            log,
            problem: None,
            files: None,
        }
    }

    fn say(&self, level: LogLevel, text: &str) {
        (self.log)(level, text);
    }

    /// A problem with the files, not with the database.
    fn files<T>(&mut self, result: Result<T, String>) -> Option<T> {
        match result {
            Ok(value) => {
                self.files = None;
                Some(value)
            }
            Err(text) => {
                if self.files.as_ref() != Some(&text) {
                    self.say(LogLevel::Error, &text);
                    self.files = Some(text);
                }
                None
            }
        }
    }

    /// The state after an attempt.
    fn problem(&mut self, now: Option<Problem>) {
        let news = match (&self.problem, &now) {
            // A server that is away may have several words for it.
            (Some(Problem::Away(_)), Some(Problem::Away(_))) => false,
            (before, now) => before != now,
        };
        if !news {
            return;
        }
        match &now {
            Some(Problem::Away(reason) | Problem::Table(reason)) => {
                self.say(LogLevel::Error, reason)
            }
            Some(Problem::Empty) => self.say(
                LogLevel::Warning,
                "pfx2asn is empty, so no client's network is known; mb asn import fills it",
            ),
            None => self.say(LogLevel::Notice, "the networks (pfx2asn) can be read again"),
        }
        self.problem = now;
    }
}
