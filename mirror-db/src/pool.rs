//! A bounded pool of connections that never makes a request wait for long.
//!
//! One background thread drives all connections, so that each operation, from the look-up of the
//! server's name to the last row, has a deadline. Requests hand a job to the queue and wait on its
//! reply. While the server is away they fail at once, and the background thread tries again every
//! half second.

use crate::{
    ConnectionInfo, CustomQuery, DbError, LogLevel, Logger, PoolSettings, Unavailable,
    queue::{Answer, Queue},
    reply::Reply,
    shared::{CONNECTING, DOWN, IDLE, LastMessage, Listener, Shared},
    statement::Statement,
    supervisor::supervise,
    value::TextValue,
};
use panics::{Point, catch};
use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::{
    runtime::{self, Runtime},
    sync::{Notify, watch},
};

/// The connections of one process to one database.
pub struct Pool {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Pool {
    /// A pool without connections. Starts nothing.
    pub fn new(info: ConnectionInfo, settings: PoolSettings, logger: Logger) -> Self {
        Self::with_listener(info, settings, logger, None)
    }

    /// A pool that listens for notifications.
    pub(crate) fn with_listener(
        info: ConnectionInfo,
        settings: PoolSettings,
        logger: Logger,
        listener: Option<Listener>,
    ) -> Self {
        let shared = Shared {
            info,
            settings,
            logger,
            listener,
            queue: Queue::default(),
            state: AtomicU8::new(IDLE),
            successes: AtomicU64::new(0),
            idle: AtomicUsize::new(0),
            alive: AtomicUsize::new(0),
            grow: Notify::new(),
            down: watch::channel(()).0,
            stop: watch::channel(false).0,
            last_init_failure: LastMessage::default(),
            failing: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            thread: Mutex::default(),
        }
    }

    /// Starts the background thread, which connects. To be called after the last fork; a second
    /// call does nothing.
    pub fn start(&self) -> io::Result<()> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_some() {
            return Ok(());
        }
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        self.shared.stop.send_replace(false);
        self.shared.state.store(CONNECTING, Ordering::Relaxed);
        let shared = self.shared.clone();
        let work = move || run(&shared, runtime);
        *thread = Some(
            std::thread::Builder::new()
                .name("mb-database".into())
                .spawn(work)?,
        );
        Ok(())
    }

    /// Closes the connections and ends the thread. Requests that wait get `Unavailable`. Takes
    /// milliseconds: no operation blocks the thread.
    pub fn stop(&self) {
        self.shared.stop.send_replace(true);
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            self.shared
                .log(LogLevel::Error, "the database thread ended in a panic");
        }
    }

    /// Whether queries fail at once.
    pub(crate) fn is_away(&self) -> bool {
        matches!(self.shared.state.load(Ordering::Relaxed), IDLE | DOWN)
    }

    /// Runs a site's own query, parameters in text form, and reads every column as text; `None` is
    /// NULL. Waits at most `query_timeout`.
    pub fn query_text(
        &self,
        statement: &Arc<Statement>,
        parameters: Vec<String>,
    ) -> Result<Vec<Vec<Option<String>>>, DbError> {
        let rows = self.query(statement, parameters)?;
        rows.iter()
            .map(|row| text_columns(statement, row))
            .collect()
    }

    /// Runs a statement and waits for its rows.
    pub(crate) fn query(&self, statement: &Arc<Statement>, parameters: Vec<String>) -> Answer {
        let reply = Arc::new(Slot::default());
        let time = statement.time.unwrap_or(self.shared.settings.query_timeout);
        let deadline = Instant::now() + time;
        let setter = reply.clone();
        self.submit(statement, parameters, deadline, move |answer| {
            setter.set(answer)
        })?;
        reply.wait(deadline).unwrap_or(Err(Unavailable.into()))
    }

    /// Queues a statement. `done` gets the answer in the background thread: it must be quick.
    pub(crate) fn submit(
        &self,
        statement: &Arc<Statement>,
        parameters: Vec<String>,
        deadline: Instant,
        done: impl FnOnce(Answer) + Send + Sync + 'static,
    ) -> Result<(), DbError> {
        self.shared
            .submit(statement, parameters, deadline, false, Box::new(done))
    }
}

/// The background thread.
fn run(shared: &Arc<Shared>, runtime: Runtime) {
    let mut stop = shared.stop.subscribe();
    let mut work = || {
        runtime.block_on(async {
            tokio::select! {
                () = supervise(shared.clone()) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        });
    };
    // A bug must not leave requests without an answer until the next restart.
    while catch(Point::Database, &mut work).is_err() {
        shared.alive.store(0, Ordering::Relaxed);
        shared.idle.store(0, Ordering::Relaxed);
        shared.set_down("internal error");
        std::thread::sleep(Duration::from_millis(100));
    }
    shared.state.store(IDLE, Ordering::Relaxed);
    shared.queue.fail_all(&Unavailable.into());
    // Name look-ups run in threads that cannot be interrupted.
    runtime.shutdown_background();
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Statement {
    /// A site's own query; `name` is its directive.
    pub fn custom(name: &'static str, query: &CustomQuery) -> Self {
        Self::new(name, query.sql(), query.parameters())
    }
}

/// Every column of a row as text.
pub(crate) fn text_columns(
    statement: &Statement,
    row: &tokio_postgres::Row,
) -> Result<Vec<Option<String>>, DbError> {
    (0..row.len())
        .map(|i| match row.try_get::<_, Option<TextValue>>(i) {
            Ok(value) => Ok(value.map(|TextValue(text)| text)),
            Err(error) => Err(DbError::query_failed(format!(
                "{}: {error}",
                statement.name
            ))),
        })
        .collect()
}

/// One answer for one waiting thread; rows cannot be cloned.
#[derive(Default)]
struct Slot {
    answer: Mutex<Option<Answer>>,
    ready: Reply<()>,
}

impl Slot {
    fn set(&self, answer: Answer) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        self.ready.set(());
    }

    fn wait(&self, deadline: Instant) -> Option<Answer> {
        self.ready.wait(deadline)?;
        self.answer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}
