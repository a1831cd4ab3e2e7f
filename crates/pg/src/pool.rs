//! A bounded pool of connections that never makes a request wait for long.
//!
//! A [`Driver`] drives all connections, so that each operation, from the look-up of the server's
//! name to the last row, has a deadline. Requests hand a job to the queue and wait on its reply.
//! While the server is away they fail at once, and the driver tries again every half second.

use crate::driver::{Driver, Work};
use crate::queue::{Answer, Queue};
use crate::reply::Reply;
use crate::sessions::Sessions;
use crate::shared::{CONNECTING, DOWN, IDLE, LastMessage, Listener, Shared, UP};
use crate::statement::Statement;
use crate::supervisor::supervise;
use crate::value::TextValue;
use crate::{ConnectionInfo, DbError, PoolSettings, Unavailable};
use background::Point;
use background::{LogLevel, Logger};
use metrics::{Database as Number, DatabaseNumbers};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout_at;

/// What a pool has in common with others.
pub struct Common {
    /// Who connects to the same server.
    pub turns: Arc<Semaphore>,
    /// Where it counts.
    pub numbers: DatabaseNumbers,
    /// Whether it says that it has connected.
    pub announces: bool,
}

/// The connections of one process to one database.
pub struct Pool {
    shared: Arc<Shared>,
    work: Mutex<Option<AbortHandle>>,
}

impl Pool {
    /// A pool without connections. Starts nothing.
    pub fn new(info: ConnectionInfo, settings: PoolSettings, logger: Logger) -> Self {
        let common = Common {
            turns: turns(),
            numbers: DatabaseNumbers::unseen(),
            announces: false,
        };
        Self::with_listener(info, settings, logger, None, common)
    }

    /// A pool that listens for notifications, and takes turns with others.
    pub fn with_listener(
        info: ConnectionInfo,
        settings: PoolSettings,
        logger: Logger,
        listener: Option<Listener>,
        common: Common,
    ) -> Self {
        let Common {
            turns,
            numbers,
            announces,
        } = common;
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
            beside: AtomicUsize::new(0),
            grow: Notify::new(),
            down: watch::channel(()).0,
            turns,
            numbers,
            announces,
            server: AtomicU64::new(0),
            last_init_failure: LastMessage::default(),
            last_plaintext: LastMessage::default(),
            last_failover: LastMessage::default(),
            last_pooler: LastMessage::default(),
            sessions: Sessions::default(),
            failing: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
            work: Mutex::default(),
        }
    }

    /// Has a driver connect; a second call does nothing.
    pub fn start(&self, driver: &Driver) {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        if work.is_none() {
            self.shared.state.store(CONNECTING, Ordering::Relaxed);
            let connections = Connections(self.shared.clone());
            *work = Some(driver.run(Arc::new(connections)));
        }
    }

    /// Has the connections closed, in a moment. Requests that wait get `Unavailable`.
    pub fn stop(&self) {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(work) = work.take() {
            work.abort();
        }
    }

    /// What it connects to, without secrets.
    pub fn database(&self) -> String {
        self.shared.info.to_string()
    }

    /// What the connections are at present.
    pub fn note(&self, numbers: &DatabaseNumbers) {
        let shared = &self.shared;
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let (open, idle) = (
            shared.alive.load(Ordering::Relaxed),
            shared.idle.load(Ordering::Relaxed),
        );
        let is_up = shared.state.load(Ordering::Relaxed) == UP;
        let server = shared.server.load(Ordering::Relaxed);
        numbers.set(Number::Connections, number(open));
        numbers.set(Number::Busy, number(open.saturating_sub(idle)));
        numbers.set(
            Number::ConnectionsMax,
            number(shared.settings.max_connections),
        );
        numbers.set(Number::Up, u64::from(is_up));
        numbers.set(Number::Server, if is_up { server } else { 0 });
    }

    /// Whether queries fail at once.
    pub fn is_away(&self) -> bool {
        matches!(self.shared.state.load(Ordering::Relaxed), IDLE | DOWN)
    }

    /// Writes a message to where those of the pool go.
    pub fn log(&self, level: LogLevel, text: &str) {
        self.shared.log(level, text);
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
    pub fn query(&self, statement: &Arc<Statement>, parameters: Vec<String>) -> Answer {
        let reply = Arc::new(Slot::default());
        let deadline = Instant::now() + self.shared.settings.query_timeout;
        let setter = reply.clone();
        self.submit(statement, parameters, deadline, move |answer| {
            setter.set(answer)
        })?;
        reply.wait(deadline).unwrap_or(Err(Unavailable.into()))
    }

    /// The same without blocking, for works of the driver.
    pub async fn ask(&self, statement: &Arc<Statement>, parameters: Vec<String>) -> Answer {
        let (sender, receiver) = oneshot::channel();
        let time = self.shared.settings.query_timeout;
        let deadline = Instant::now() + time;
        self.submit(statement, parameters, deadline, move |answer| {
            // Nobody waits beyond the deadline.
            let _ = sender.send(answer);
        })?;
        match timeout_at(deadline.into(), receiver).await {
            Ok(Ok(answer)) => answer,
            _ => Err(Unavailable.into()),
        }
    }

    /// Queues a statement. `done` gets the answer in the driver's thread: it must be quick.
    pub fn submit(
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

/// How many may connect to one server at a time.
const TURNS: usize = 16;

/// For all who connect to one server.
pub fn turns() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(TURNS))
}

/// Keeping the connections of a pool.
struct Connections(Arc<Shared>);

impl Work for Connections {
    const POINT: Point = Point::Database;

    async fn run(self: Arc<Self>) {
        supervise(self.0.clone()).await;
    }

    fn panicked(&self) {
        self.0.alive.store(0, Ordering::Relaxed);
        self.0.idle.store(0, Ordering::Relaxed);
        self.0.set_down("internal error");
    }

    fn ended(&self) {
        self.0.state.store(IDLE, Ordering::Relaxed);
        self.0.queue.fail_all(&Unavailable.into());
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Every column of a row as text.
pub fn text_columns(
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
