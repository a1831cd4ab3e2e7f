//! Renews what is asked for all the time before it expires.
//!
//! A site with thousands of popular files renews hundreds of records a second. Collected for a
//! moment, they share round trips: the database and this process do a fraction of the work.

use crate::fetch::Fetcher;
use background::Point;
use mirror_db::FileVersion;
use pg::{Driver, Work};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// The longest that a due record waits for others.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// The records that are due.
#[derive(Default)]
pub(crate) struct Renewer {
    due: Mutex<Vec<FileVersion>>,
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
            for file in self.renewer.take() {
                let file = file.borrowed();
                let key = self.fetcher.key(file);
                self.fetcher.ask(&key, file);
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
    pub fn add(&self, file: FileVersion<&str>) {
        self.lock().push(file.owned());
        self.added.notify_one();
    }

    fn take(&self) -> Vec<FileVersion> {
        mem::take(&mut self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<FileVersion>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
