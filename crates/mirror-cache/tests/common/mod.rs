//! What the tests of the database layer share.

use background::{LogLevel, Logger};
use harness::postgres::{Cluster, Database as TestDatabase};
use metrics::Board;
use mirror_cache::{Database, Databases, Process, Settings};
use mirror_db::FileVersion;
use pg::ConnectionInfo;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Size and mtime of the fixture's `iso/full.iso`.
#[allow(dead_code, reason = "not every test binary uses it")]
pub const FULL: (&str, u64, i64) = ("iso/full.iso", 1_500_000, 1_700_000_000);

/// A version of a file.
#[allow(dead_code, reason = "not every test binary uses it")]
pub fn version(path: &str, size: u64, mtime: i64) -> FileVersion<&str> {
    FileVersion { path, size, mtime }
}

/// A database with the recorded fixture.
#[allow(dead_code, reason = "not every test binary uses it")]
pub fn fixture<'c>(cluster: &'c Cluster, name: &str) -> TestDatabase<'c> {
    let fixture = harness::workspace().join("tests/compat/modules/fixture.sql");
    cluster.database(name, &[&fixture])
}

/// Settings by which records live for so many seconds.
#[allow(dead_code, reason = "not every test binary uses it")]
pub fn ttl(seconds: u64) -> Settings {
    Settings {
        cache_ttl: Duration::from_secs(seconds),
        ..Settings::default()
    }
}

/// Collects the log above debug.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn logger(&self) -> Logger {
        let lines = self.0.clone();
        Arc::new(move |level, text| {
            let is_news = !text.starts_with("connected to the database");
            if level < LogLevel::Debug && is_news {
                lines.lock().unwrap().push(text.to_owned());
            }
        })
    }

    #[allow(dead_code, reason = "not every test binary uses it")]
    pub fn lines(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    #[allow(dead_code, reason = "not every test binary uses it")]
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// The only database of a process.
pub struct Open {
    all: Databases,
    database: Arc<Database>,
}

impl Open {
    #[allow(dead_code, reason = "not every test binary uses it")]
    pub fn stop(&self) {
        self.all.stop();
    }
}

impl Deref for Open {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

/// Enough workers that no test has more waiting than may.
fn process() -> Process {
    Process {
        workers: 256,
        processes: 1,
        slot: Board::private(&["the only one".to_owned()]).slot(),
    }
}

/// Opens a database.
pub fn open(params: &str, settings: Settings) -> (Open, Log) {
    let log = Log::default();
    let wanted = (ConnectionInfo::parse(params).unwrap(), settings);
    let all = Databases::start(std::slice::from_ref(&wanted), process(), &log.logger());
    let database = all.get(&wanted.0, &wanted.1).unwrap().clone();
    (Open { all, database }, log)
}

/// How many mirrors may be used for a file.
#[allow(dead_code, reason = "not every test binary uses it")]
pub fn mirrors(database: &Database, path: &str) -> Result<usize, pg::DbError> {
    let record = database.file(version(path, 1, 1))?;
    Ok(record.mirrors(&database.mirrors()).iter().count())
}

/// How long something takes to become true; at most `limit`.
#[allow(dead_code, reason = "not every test binary uses it")]
#[track_caller]
pub fn until(limit: Duration, mut is_true: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !is_true() {
        assert!(start.elapsed() < limit, "not true after {limit:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
    start.elapsed()
}
