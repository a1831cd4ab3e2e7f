//! Keeps the mirror table up to date.

use crate::{
    DbError, Unavailable,
    calm::{self, Calm, Look},
    mirror_table,
    pool::Pool,
    reply::Reply,
    statement::Statement,
};
use arc_swap::ArcSwap;
use mirror_selection::MirrorTable;
use panics::{Point, persist};
use std::{
    io,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// `enabled` is the administrator's switch, `status_baseurl` that of the mirror probe.
const SQL: &str = "\
SELECT id, identifier, region, country, lat, lng, asn, prefix, score, baseurl, region_only, \
country_only, as_only, prefix_only, other_countries, file_maxsize \
FROM server WHERE enabled AND status_baseurl AND score > 0";

/// A number that changes with each change of a row: every version of a row has its own place and
/// transaction.
const FINGERPRINT: &str = "\
SELECT count(*) || '/' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) \
FROM server";

/// The mirror table and the thread that renews it.
pub(crate) struct Refresher {
    pub table: ArcSwap<MirrorTable>,
    /// When nothing was written; nothing is known if the table is not needed.
    pub calm: Calm,
    select: Arc<Statement>,
    /// Whether the table is used at all; a site's own mirror query replaces it.
    needed: bool,
    loaded: AtomicBool,
    first: Mutex<Arc<Reply<Result<(), DbError>>>>,
    signal: Mutex<Signal>,
    changed: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// When the listening connection was made, in milliseconds since `base`: what is older may
    /// have missed a notification.
    connected: AtomicU64,
    base: Instant,
}

#[derive(Default)]
struct Signal {
    wake: bool,
    stop: bool,
}

impl Refresher {
    /// For records that live for `ttl`.
    pub fn new(needed: bool, ttl: Duration) -> Self {
        Self {
            table: ArcSwap::default(),
            calm: Calm::new(ttl),
            select: Arc::new(Statement::new("the list of mirrors", SQL, 0)),
            needed,
            loaded: AtomicBool::new(!needed),
            first: Mutex::default(),
            signal: Mutex::default(),
            changed: Condvar::new(),
            thread: Mutex::default(),
            connected: AtomicU64::new(0),
            base: Instant::now(),
        }
    }

    /// Starts the thread, unless nobody needs the table.
    pub fn start(self: &Arc<Self>, pool: Arc<Pool>, interval: Duration) -> io::Result<()> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.needed || thread.is_some() {
            return Ok(());
        }
        self.signal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stop = false;
        let this = self.clone();
        let work = move || {
            persist(Point::Mirrors, || this.work(&pool, interval));
        };
        *thread = Some(
            std::thread::Builder::new()
                .name("mb-mirrors".into())
                .spawn(work)?,
        );
        Ok(())
    }

    /// Asks the thread to end; it may still be waiting for an answer of the pool.
    pub fn request_stop(&self) {
        self.signal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stop = true;
        self.changed.notify_all();
    }

    /// Waits for the end of the thread, which is near once the pool has stopped.
    pub fn join(&self) {
        if let Some(thread) = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            // A panic was reported by the runtime; there is nothing to add.
            let _ = thread.join();
        }
    }

    /// Has the table checked now.
    pub fn wake(&self) {
        self.signal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .wake = true;
        self.changed.notify_all();
    }

    /// There is a new connection.
    pub fn connected(&self) {
        let now = u64::try_from(self.base.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.connected.store(now, Ordering::Relaxed);
        self.wake();
    }

    /// After which part of its time a record is renewed, between a half and three quarters. When calm
    /// ends, all records begin to age at the same moment; they must not be due at the same one.
    pub fn part(&self, asked: Instant) -> f32 {
        let digits = asked.saturating_duration_since(self.base).subsec_nanos() % 1000;
        0.5 + 0.25 * digits as f32 / 1000.0
    }

    /// Whether a notification about what was asked at that time may have been lost.
    pub fn missed_since(&self, asked: Instant) -> bool {
        let connected = Duration::from_millis(self.connected.load(Ordering::Relaxed));
        asked < self.base + connected
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

    fn work(&self, pool: &Pool, interval: Duration) {
        let print = Arc::new(Statement::new("the check of mirrors", FINGERPRINT, 0).quiet());
        let snapshot = Arc::new(Statement::new("the check for changes", calm::SQL, 0).quiet());
        let (mut seen, mut last) = (None, None);
        let (mut connected, mut checked) = (0, Instant::now());
        while !self.stopped() {
            // After a new connection it may be another server, or one that lost what was not written.
            let now_connected = self.connected.load(Ordering::Relaxed);
            if std::mem::replace(&mut connected, now_connected) != now_connected {
                seen = None;
            }
            let now = self.look(pool, &snapshot, &seen);
            // Where nothing at all was written, the mirrors are as they were.
            let calm = now.is_some() && now == seen && checked.elapsed() < calm::LONGEST;
            if !calm || last.is_none() {
                checked = Instant::now();
                let now = text(pool, &print);
                if now.is_none() || now != last {
                    last = match self.load(pool) {
                        Ok(()) => now,
                        Err(_) => None,
                    };
                }
            }
            seen = now;
            self.pause(interval);
        }
    }

    /// Which transactions can be seen now, `seen` having been the answer before. None if that does
    /// not say whether anything has changed.
    fn look(
        &self,
        pool: &Pool,
        snapshot: &Arc<Statement>,
        seen: &Option<String>,
    ) -> Option<String> {
        let asked = Instant::now();
        let now = text(pool, snapshot)?;
        let answered = Instant::now();
        let look = Look { asked, answered };
        if Some(&now) == seen.as_ref() {
            self.calm.goes_on(look);
        } else {
            self.calm.begins(look);
        }
        Some(now)
    }

    fn load(&self, pool: &Pool) -> Result<(), DbError> {
        let result = pool
            .query(&self.select, Vec::new())
            .and_then(|rows| mirror_table::read(&self.select, &rows))
            .map(|mirrors| self.table.store(Arc::new(MirrorTable::new(mirrors))));
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

    fn stopped(&self) -> bool {
        self.signal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stop
    }

    fn pause(&self, interval: Duration) {
        let signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner);
        let mut signal = self
            .changed
            .wait_timeout_while(signal, interval, |signal| !signal.wake && !signal.stop)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        signal.wake = false;
    }
}

/// The answer to a question that has one.
fn text(pool: &Pool, statement: &Arc<Statement>) -> Option<String> {
    let rows = pool.query(statement, Vec::new()).ok()?;
    rows.first()?.try_get(0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_due_at_different_times() {
        let refresher = Refresher::new(true, Duration::from_secs(60));
        let parts = (0..10_000).map(|n| {
            // It is by the last digits that questions differ.
            refresher.part(refresher.base + Duration::from_nanos(37_003) * n)
        });
        let mut slots = [0; 25];
        for part in parts {
            let slot = (part - 0.5) * 100.0;
            assert!((0.0..25.0).contains(&slot), "{part}");
            slots[slot as usize] += 1;
        }
        assert!(slots.iter().all(|&n| (200..=600).contains(&n)), "{slots:?}");
    }
}
