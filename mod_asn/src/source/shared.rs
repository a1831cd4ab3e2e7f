//! The table `pfx2asn`, in memory that the children share.

use super::{Databases, Network};
use apache::{Child, Level, MappedFile, Networks};
use asn::shared::{FALLBACK_QUERY, Refresher, RefresherHandle, SharedTable};
use background::{LogLevel, Logger};
use module_kit::logger;
use pg::{ConnectionInfo, Pool, PoolSettings, Statement};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// How long a request may wait for the database where there is no table. One that is away is
/// not waited for: the pool knows.
const FALLBACK_PATIENCE: Duration = Duration::from_secs(1);

/// How the database is asked for single addresses.
pub fn fallback(settings: PoolSettings) -> (PoolSettings, Statement) {
    let settings = PoolSettings {
        query_timeout: FALLBACK_PATIENCE,
        ..settings
    };
    let statement = Statement::new("the query of pfx2asn", FALLBACK_QUERY, 1);
    (settings, statement)
}

/// The table, its keeper, and the database itself until there is a table.
pub struct SharedSource {
    table: Arc<SharedTable<MappedFile>>,
    database: ConnectionInfo,
    settings: PoolSettings,
    refresh: Duration,
    fallback: Arc<Fallback>,
    keeper: Mutex<Option<RefresherHandle>>,
}

/// Asks the database for single addresses. Only the first processes after a boot need it: later
/// ones find the file.
struct Fallback {
    pool: OnceLock<Pool>,
    statement: Arc<Statement>,
}

/// The name of the table's file: one for each database.
pub fn file_name(database: &ConnectionInfo, settings: &PoolSettings) -> String {
    let mut hasher = DefaultHasher::new();
    (database, &settings.init_sql).hash(&mut hasher);
    format!("pfx2asn-{:016x}.table", hasher.finish())
}

impl SharedSource {
    /// Starts nothing yet.
    pub fn new(
        file: PathBuf,
        database: ConnectionInfo,
        settings: PoolSettings,
        refresh: Duration,
    ) -> Self {
        let (settings, statement) = fallback(settings);
        Self {
            table: Arc::new(SharedTable::new(file, MappedFile::map)),
            database,
            settings,
            refresh,
            fallback: Arc::new(Fallback {
                pool: OnceLock::new(),
                statement: Arc::new(statement),
            }),
            keeper: Mutex::new(None),
        }
    }

    pub fn start(&self, child: Child<'_>, databases: &mut Databases) {
        child.survive_truncation();
        // Problems with the file are the keeper's to report.
        let _ = self.table.follow();
        if !self.table.is_loaded() {
            self.start_fallback(databases);
        }
        let keeper = Refresher {
            table: Arc::clone(&self.table),
            database: self.database.clone(),
            init_sql: self.settings.init_sql.clone(),
            refresh: self.refresh,
            log: logger(databases.log()),
        };
        let fallback = Arc::clone(&self.fallback);
        match keeper.start(move || fallback.stop()) {
            Ok(handle) => {
                *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle)
            }
            Err(error) => {
                let text = format!("cannot start the thread that loads pfx2asn: {error}");
                databases.log().log(Level::Error, &text);
            }
        }
    }

    fn start_fallback(&self, databases: &mut Databases) {
        // The keeper says what is wrong with the database.
        let (log, quiet) = (logger(databases.log()), LogLevel::Debug);
        let log: Logger = Arc::new(move |_, text| log(quiet, text));
        let pool = databases.open(&self.database, &self.settings, log);
        let _ = self.fallback.pool.set(pool);
    }

    pub fn stop(&self) {
        drop(
            self.keeper
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        self.fallback.stop();
    }

    pub fn networks(&self) -> Option<Networks> {
        let (ranges, age) = self.table.rows().zip(self.table.age())?;
        Some(Networks {
            ranges: ranges.into(),
            age: age.as_secs(),
        })
    }

    pub fn find(&self, address: IpAddr) -> Option<Network> {
        // Most look-ups end here, so it comes first.
        if let Some(found) = self.table.lookup(address) {
            return Some(found_text(found));
        }
        if !self.table.is_loaded()
            && let Some(pool) = self.fallback.pool.get()
            && let Ok(answer) = super::query::ask(pool, &self.fallback.statement, true, address)
        {
            return answer;
        }
        // The table may have come, and the pool gone, while we were asking.
        self.table.lookup(address).map(found_text)
    }
}

fn found_text(network: asn::table::Network) -> Network {
    Network {
        prefix: network.prefix.text(),
        asn: network.asn.to_string(),
    }
}

impl Fallback {
    fn stop(&self) {
        if let Some(pool) = self.pool.get() {
            pool.stop();
        }
    }
}
