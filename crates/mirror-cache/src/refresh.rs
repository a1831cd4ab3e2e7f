//! Keeps the mirror table up to date.

use crate::freshness::Changes;
use crate::quiescence::{self, Look};
use arc_swap::ArcSwap;
use background::LogLevel;
use background::Point;
use metrics::{DatabaseNumbers, Step};
use mirror_db::tables::server::eligible;
use mirror_db::tables::snapshot;
use mirror_selection::MirrorTable;
use pg::{DbError, Driver, Pool, Reply, Statement, Unavailable, Work};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;
use tokio::time::timeout;

/// The mirror table of a database, and when it was written to last.
pub(crate) struct Refresher {
    pub table: ArcSwap<MirrorTable>,
    /// Nothing is known of them if the table is not needed.
    pub changes: Changes,
    select: Arc<Statement>,
    /// When the table was last known to be right, in milliseconds since 1970.
    checked: AtomicU64,
    loaded: AtomicBool,
    first: Mutex<Arc<Reply<Result<(), DbError>>>>,
    changed: Notify,
}

/// Renewing the table.
struct Renewal {
    refresher: Arc<Refresher>,
    pool: Arc<Pool>,
    interval: Duration,
}

impl Work for Renewal {
    const POINT: Point = Point::Mirrors;

    async fn run(self: Arc<Self>) {
        self.refresher.work(&self.pool, self.interval).await;
    }
}

impl Refresher {
    /// For records that live for `ttl`.
    pub fn new(ttl: Duration) -> Self {
        Self {
            table: ArcSwap::default(),
            changes: Changes::new(ttl, Instant::now()),
            select: Arc::new(eligible::statement()),
            checked: AtomicU64::new(0),
            loaded: AtomicBool::new(false),
            first: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Has the table checked in this interval, and whenever something is said to have changed.
    pub fn start(self: &Arc<Self>, driver: &Driver, pool: &Arc<Pool>, interval: Duration) {
        driver.run(Arc::new(Renewal {
            refresher: Arc::clone(self),
            pool: Arc::clone(pool),
            interval,
        }));
    }

    /// What the table is at present.
    pub fn note(&self, numbers: &DatabaseNumbers) {
        let mirrors = u64::try_from(self.table.load().mirrors().len()).unwrap_or(u64::MAX);
        numbers.set(metrics::Database::Mirrors, mirrors);
        let checked = self.checked.load(Ordering::Relaxed);
        numbers.set(metrics::Database::Checked, checked);
        let quiescent = self.changes.is_quiescent(Instant::now());
        numbers.set(metrics::Database::Quiescent, u64::from(quiescent));
    }

    /// Has the table checked now.
    pub fn wake(&self) {
        self.changed.notify_one();
    }

    /// There is a new connection.
    pub fn connected(&self) {
        self.changes.connected(Instant::now());
        self.wake();
    }

    /// Waits for the first table.
    pub fn wait_for_table(&self, pool: &Pool, deadline: Instant) -> Result<(), DbError> {
        if self.loaded.load(Ordering::Acquire) {
            return Ok(());
        }
        if pool.is_away() {
            return Err(Unavailable.into());
        }
        if let Some(failure) = self.select.failure() {
            return Err(failure);
        }
        let first = self
            .first
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        // The table may have come in between: then nobody answers the one we took.
        if self.loaded.load(Ordering::Acquire) {
            return Ok(());
        }
        first.wait(deadline).unwrap_or(Err(Unavailable.into()))
    }

    async fn work(&self, pool: &Pool, interval: Duration) {
        let print = Arc::new(eligible::fingerprint().counted_as(Step::Mirrors).quiet());
        let snapshot = Arc::new(snapshot::statement().counted_as(Step::Mirrors).quiet());
        let (mut seen, mut last) = (None, None);
        let (mut connected, mut checked) = (0, Instant::now());
        loop {
            // After a new connection it may be another server, or one that lost what was not written.
            let now_connected = self.changes.connection();
            if std::mem::replace(&mut connected, now_connected) != now_connected {
                seen = None;
            }
            let now = self.look(pool, &snapshot, &seen).await;
            // Where nothing at all was written, the mirrors are as they were.
            let unchanged = now.is_some() && now == seen && checked.elapsed() < quiescence::LONGEST;
            if !unchanged || last.is_none() {
                checked = Instant::now();
                let now = text(pool, &print).await;
                if now.is_none() || now != last {
                    last = match self.load(pool).await {
                        Ok(()) => now,
                        Err(_) => None,
                    };
                }
            }
            if unchanged || last.is_some() {
                self.checked.store(milliseconds(), Ordering::Relaxed);
            }
            seen = now;
            // Woken or not.
            let _ = timeout(interval, self.changed.notified()).await;
        }
    }

    /// Which transactions can be seen now, `seen` having been the answer before. None if that does
    /// not say whether anything has changed.
    async fn look(
        &self,
        pool: &Pool,
        snapshot: &Arc<Statement>,
        seen: &Option<String>,
    ) -> Option<String> {
        let asked = Instant::now();
        let now = text(pool, snapshot).await?;
        let answered = Instant::now();
        let look = Look { asked, answered };
        self.changes.looked(look, Some(&now) == seen.as_ref());
        Some(now)
    }

    /// Without mirrors this server sends every file itself, and no error says so.
    fn tell(&self, pool: &Pool, is_empty: bool) {
        let was_empty = self
            .loaded
            .load(Ordering::Acquire)
            .then(|| self.table.load().mirrors().is_empty());
        match (was_empty, is_empty) {
            (None | Some(false), true) => pool.log(
                LogLevel::Warning,
                &format!(
                    "{}: the table server has no mirror that may be used (enabled, status_baseurl, \
                     score > 0, an http, https or ftp URL): files are sent from here",
                    pool.database()
                ),
            ),
            (Some(true), false) => {
                let database = pool.database();
                let text = format!("{database}: the table server has mirrors that may be used");
                pool.log(LogLevel::Notice, &text);
            }
            _ => {}
        }
    }

    async fn load(&self, pool: &Pool) -> Result<(), DbError> {
        let answer = pool.ask(&self.select, Vec::new()).await;
        let say = |level, text: &str| pool.log(level, text);
        let result = answer
            .and_then(|rows| eligible::read(&self.select, &rows, say))
            .map(|mirrors| {
                self.tell(pool, mirrors.is_empty());
                self.table.store(Arc::new(MirrorTable::new(mirrors)));
            });
        if result.is_ok() {
            self.loaded.store(true, Ordering::Release);
        }
        if !self.loaded.load(Ordering::Acquire) || result.is_ok() {
            // Those that wait get this answer, later ones the next.
            let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *first).set(result.clone());
        }
        result
    }
}

/// The time, in milliseconds since 1970.
fn milliseconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}

/// The answer to a question that has one.
async fn text(pool: &Pool, statement: &Arc<Statement>) -> Option<String> {
    let rows = pool.ask(statement, Vec::new()).await.ok()?;
    rows.first()?.try_get(0).ok()
}
