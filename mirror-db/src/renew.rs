//! Renews what is asked for all the time before it expires.
//!
//! A site with thousands of popular files renews hundreds of records a second. Collected for a
//! moment, they share round trips: the database and this process do a fraction of the work.

use crate::fetch::Fetcher;
use panics::{Point, persist};
use std::{
    io, mem,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

/// The longest that a due record waits for others.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// One version of a file whose record is about to expire.
struct Due {
    path: String,
    size: u64,
    mtime: i64,
}

#[derive(Default)]
struct State {
    due: Vec<Due>,
    stop: bool,
}

/// The records that are due, and the thread that renews them.
#[derive(Default)]
pub(crate) struct Renewer {
    state: Mutex<State>,
    changed: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Renewer {
    /// Starts the thread. Records live for `ttl`, and are due in its last quarter.
    pub fn start(self: &Arc<Self>, fetcher: &Arc<Fetcher>, ttl: Duration) -> io::Result<()> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_some() || ttl.is_zero() {
            return Ok(());
        }
        self.lock().stop = false;
        let (this, fetcher) = (self.clone(), fetcher.clone());
        let pause = LONGEST_PAUSE.min(ttl / 16);
        *thread = Some(
            std::thread::Builder::new()
                .name("mb-renewals".into())
                .spawn(move || persist(Point::Renewals, || this.work(&fetcher, pause)))?,
        );
        Ok(())
    }

    /// Has a record renewed soon.
    pub fn add(&self, path: &str, size: u64, mtime: i64) {
        let mut state = self.lock();
        state.due.push(Due {
            path: path.to_owned(),
            size,
            mtime,
        });
        if state.due.len() == 1 {
            self.changed.notify_one();
        }
    }

    /// Ends the thread, which never waits for anything but this.
    pub fn stop(&self) {
        self.lock().stop = true;
        self.changed.notify_one();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // A panic was reported by the runtime; there is nothing to add.
            let _ = thread.join();
        }
    }

    fn work(&self, fetcher: &Fetcher, pause: Duration) {
        while let Some(due) = self.collect(pause) {
            for Due { path, size, mtime } in due {
                let key = fetcher.key(&path, size, mtime);
                fetcher.ask(&key, &path, size, mtime);
            }
        }
    }

    /// Waits for a first record, then for others. `None` at the end.
    fn collect(&self, pause: Duration) -> Option<Vec<Due>> {
        let idle = |state: &mut State| state.due.is_empty() && !state.stop;
        let state = self
            .changed
            .wait_while(self.lock(), idle)
            .unwrap_or_else(PoisonError::into_inner);
        let (mut state, _) = self
            .changed
            .wait_timeout_while(state, pause, |state| !state.stop)
            .unwrap_or_else(PoisonError::into_inner);
        (!state.stop).then(|| mem::take(&mut state.due))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
