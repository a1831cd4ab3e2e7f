//! The one thread that drives all databases of a process.

use background::{Point, discard};
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::{self, Handle, Runtime};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

/// The pause after the first panic of a work, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The system's resolver blocks, so names are looked up in threads of their own, so many at most.
/// They end when there is nothing to look up.
const RESOLVERS: usize = 16;

/// The thread, and the door to it. Its works end with it.
pub struct Driver {
    handle: Handle,
    stop: watch::Sender<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What a driver does until it is told to stop. It must not block.
pub trait Work: Send + Sync + 'static {
    /// What is passed at each beginning.
    const POINT: Point;

    /// Has no end of its own.
    fn run(self: Arc<Self>) -> impl Future<Output = ()> + Send;

    /// There was a panic; it begins anew in a moment.
    fn panicked(&self) {}

    /// It is over for good. Called in the driver's thread.
    fn ended(&self) {}
}

impl Driver {
    /// Starts the thread. To be called after the last fork.
    ///
    /// # Errors
    /// If the system has no thread or no descriptors for us.
    pub fn start() -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(RESOLVERS)
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = watch::channel(false);
        let thread = std::thread::Builder::new()
            .name("mb-database".into())
            .spawn(move || drive(runtime, stopped))?;
        Ok(Self {
            handle,
            stop,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Begins a work.
    pub fn run<W: Work>(&self, work: Arc<W>) -> AbortHandle {
        self.handle.spawn(persist(work)).abort_handle()
    }

    /// Ends all works and the thread. Takes milliseconds: nothing blocks the thread.
    pub fn stop(&self) {
        self.stop.send_replace(true);
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // It has nothing that panics: works are caught one by one.
            let _ = thread.join();
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.stop();
    }
}

fn drive(runtime: Runtime, mut stopped: watch::Receiver<bool>) {
    runtime.block_on(async {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    });
    // Name look-ups run in threads that cannot be interrupted.
    runtime.shutdown_background();
}

/// Tells a work that it is over, however that comes.
struct End<W: Work>(Arc<W>);

impl<W: Work> Drop for End<W> {
    fn drop(&mut self) {
        self.0.ended();
    }
}

/// A bug must not leave requests without an answer until the next restart; one that strikes each
/// time must not keep a processor busy.
async fn persist<W: Work>(work: Arc<W>) {
    let _end = End(Arc::clone(&work));
    let (mut pause, longest) = PAUSES;
    loop {
        // A set of one, so that it ends with us.
        let mut task = JoinSet::new();
        let this = Arc::clone(&work);
        task.spawn(async move {
            W::POINT.pass();
            this.run().await;
        });
        match task.join_next().await {
            Some(Err(error)) => match error.try_into_panic() {
                Ok(payload) => discard(payload),
                Err(_) => return,
            },
            Some(Ok(())) | None => return,
        }
        work.panicked();
        sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    #[derive(Default)]
    struct Clumsy {
        begun: AtomicUsize,
        panicked: AtomicUsize,
        ended: AtomicUsize,
    }

    impl Work for Clumsy {
        const POINT: Point = Point::Database;

        async fn run(self: Arc<Self>) {
            if self.begun.fetch_add(1, Ordering::Relaxed) == 0 {
                // Without a message: to print one takes memory, which another test measures.
                std::panic::resume_unwind(Box::new("the first time"));
            }
            std::future::pending().await
        }

        fn panicked(&self) {
            self.panicked.fetch_add(1, Ordering::Relaxed);
        }

        fn ended(&self) {
            self.ended.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn until(mut is_true: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_true() {
            assert!(start.elapsed() < Duration::from_secs(10));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_work_that_panics_begins_anew_and_disturbs_no_other() {
        let driver = Driver::start().unwrap();
        let (first, second) = (Arc::new(Clumsy::default()), Arc::new(Clumsy::default()));
        second.begun.store(1, Ordering::Relaxed);
        driver.run(Arc::clone(&first));
        let handle = driver.run(Arc::clone(&second));
        until(|| first.begun.load(Ordering::Relaxed) == 2);
        assert_eq!(first.panicked.load(Ordering::Relaxed), 1);
        assert_eq!(second.begun.load(Ordering::Relaxed), 2);
        // One that is ended is told so, and so is one whose driver stops.
        handle.abort();
        until(|| second.ended.load(Ordering::Relaxed) == 1);
        assert_eq!(first.ended.load(Ordering::Relaxed), 0);
        driver.stop();
        assert_eq!(first.ended.load(Ordering::Relaxed), 1);
        assert_eq!(second.panicked.load(Ordering::Relaxed), 0);
    }
}
