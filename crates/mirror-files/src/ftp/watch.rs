//! That connections end, however slowly a server talks.

use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Shuts connections down after some time, or when it is dropped.
pub(super) struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    streams: Vec<TcpStream>,
    is_ended: bool,
}

/// Adds connections to a [`Watch`].
#[derive(Clone)]
pub(super) struct Watched(Arc<Shared>);

impl Watch {
    pub fn new(limit: Duration) -> Self {
        let shared = Arc::<Shared>::default();
        let watching = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let start = Instant::now();
            let mut state = watching.lock();
            while !state.is_ended {
                let left = limit.saturating_sub(start.elapsed());
                if left.is_zero() {
                    break;
                }
                let waited = watching.ended.wait_timeout(state, left);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            state.end();
        });
        Self {
            shared,
            thread: Some(thread),
        }
    }

    /// Shuts them down now.
    pub fn end(&self) {
        self.shared.lock().end();
    }

    /// Shuts down the one for data. That it is let go elsewhere does not close it, since it is here, too.
    pub fn end_data(&self) {
        let mut state = self.shared.lock();
        let from = state.streams.len().min(1);
        for stream in state.streams.drain(from..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Whether they are shut down.
    pub fn is_ended(&self) -> bool {
        self.shared.lock().is_ended
    }

    pub fn watched(&self) -> Watched {
        Watched(Arc::clone(&self.shared))
    }
}

impl Watched {
    /// A connection that was opened. There are two at most: commands, and data.
    pub fn add(&self, stream: &TcpStream) -> std::io::Result<()> {
        let stream = stream.try_clone()?;
        let mut state = self.0.lock();
        if state.is_ended {
            return stream.shutdown(Shutdown::Both);
        }
        state.streams.truncate(1);
        state.streams.push(stream);
        Ok(())
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn end(&mut self) {
        self.is_ended = true;
        for stream in self.streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.lock().end();
        self.shared.ended.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
