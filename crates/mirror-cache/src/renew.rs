//! Renews what is asked for all the time before it expires.
//!
//! A site with thousands of popular files renews hundreds of records a second. Collected for a
//! moment, they share round trips: the database and this process do a fraction of the work.

use crate::fetch::Fetcher;
use background::Point;
use pg::{Driver, Work};
use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::sleep};

/// The longest that a due record waits for others.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// One version of a file whose record is about to expire.
struct Due {
    path: String,
    size: u64,
    mtime: i64,
}

/// The records that are due.
#[derive(Default)]
pub(crate) struct Renewer {
    due: Mutex<Vec<Due>>,
    added: Notify,
}

/// Renewing them.
struct Renewals {
    renewer: Arc<Renewer>,
    fetcher: Arc<Fetcher>,
    pause: Duration,
}

impl Work for Renewals {
    const POINT: Point = Point::Renewals;

    async fn run(self: Arc<Self>) {
        loop {
            self.renewer.added.notified().await;
            sleep(self.pause).await;
            for Due { path, size, mtime } in self.renewer.take() {
                let key = self.fetcher.key(&path, size, mtime);
                self.fetcher.ask(&key, &path, size, mtime);
            }
        }
    }
}

impl Renewer {
    /// Has records renewed that live for `ttl` at least, and are due in the last quarter of that.
    pub fn start(self: &Arc<Self>, driver: &Driver, fetcher: &Arc<Fetcher>, ttl: Duration) {
        driver.run(Arc::new(Renewals {
            renewer: Arc::clone(self),
            fetcher: Arc::clone(fetcher),
            pause: LONGEST_PAUSE.min(ttl / 16),
        }));
    }

    /// Has a record renewed soon.
    pub fn add(&self, path: &str, size: u64, mtime: i64) {
        let path = path.to_owned();
        self.lock().push(Due { path, size, mtime });
        self.added.notify_one();
    }

    fn take(&self) -> Vec<Due> {
        mem::take(&mut self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Due>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
