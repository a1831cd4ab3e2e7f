//! A bounded pool of connections that never makes a request wait for long.
//!
//! One background thread drives all connections, so that each operation, from the look-up of the
//! server's name to the last row, has a deadline. Requests hand a job to the queue and wait on its
//! reply. While the server is away they fail at once, and the background thread tries again every
//! half second.

use crate::{
    ConnectionInfo, CustomQuery, DbError, LogLevel, Logger, PoolSettings, Unavailable, connect,
    queue::{Answer, Done, Job, Queue},
    reply::Reply,
    session::{Ended, Session},
    statement::Statement,
    value::TextValue,
};
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
    runtime,
    sync::{Notify, watch},
    task::JoinSet,
    time::sleep,
};

/// How long a server that is away is left alone between two attempts.
const PAUSE: Duration = Duration::from_millis(400);

/// Attempts that may be under way at a time. One that hangs does not hold up the next: after a
/// pause or a partition the first to get through counts.
const ATTEMPTS: usize = 3;

/// The longest that one attempt takes unless `connect_timeout` says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

const IDLE: u8 = 0;
const CONNECTING: u8 = 1;
const UP: u8 = 2;
const DOWN: u8 = 3;

/// The connections of one process to one database.
pub struct Pool {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What requests and the background thread share.
pub(crate) struct Shared {
    pub info: ConnectionInfo,
    pub settings: PoolSettings,
    logger: Logger,
    pub listener: Option<Listener>,
    pub queue: Queue,
    state: AtomicU8,
    /// Answers of any kind, so that one statement that hangs can be told from a server that does.
    successes: AtomicU64,
    idle: AtomicUsize,
    /// Connections that work.
    pub alive: AtomicUsize,
    grow: Notify,
    /// Changes when the server is found to hang.
    pub down: watch::Sender<()>,
    stop: watch::Sender<bool>,
    pub last_init_failure: LastMessage,
    /// Statements that failed and are to be probed.
    failing: Mutex<Vec<Arc<Statement>>>,
}

/// Who wants to hear of notifications (`NOTIFY`).
pub(crate) struct Listener {
    /// A plain SQL identifier.
    pub channel: &'static str,
    /// Called in the background thread; must be quick and must not block.
    pub call: Box<dyn Fn(Event<'_>) + Send + Sync>,
}

/// What a [`Listener`] hears.
pub(crate) enum Event<'a> {
    /// There is a new connection. Notifications in the meantime were lost.
    Connected,
    /// A notification with this payload.
    Notified(&'a str),
}

/// The last message of a kind, so that it is said only once.
#[derive(Default)]
pub(crate) struct LastMessage(Mutex<Option<String>>);

impl LastMessage {
    /// Keeps the message; true if it differs from the last one.
    pub fn replace(&self, text: &str) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_deref() == Some(text) {
            return false;
        }
        *last = Some(text.to_owned());
        true
    }
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
        *thread = Some(
            std::thread::Builder::new()
                .name("mb-database".into())
                .spawn(move || {
                    let mut stop = shared.stop.subscribe();
                    runtime.block_on(async {
                        tokio::select! {
                            () = supervise(shared.clone()) => {}
                            _ = stop.wait_for(|stop| *stop) => {}
                        }
                    });
                    shared.state.store(IDLE, Ordering::Relaxed);
                    shared.queue.fail_all(&Unavailable.into());
                    // Name look-ups run in threads that cannot be interrupted.
                    runtime.shutdown_background();
                })?,
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

    /// Whether the server answers, as far as is known.
    pub fn is_up(&self) -> bool {
        self.shared.state.load(Ordering::Relaxed) == UP
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

impl Shared {
    pub fn log(&self, level: LogLevel, text: &str) {
        (self.logger)(level, text);
    }

    fn submit(
        &self,
        statement: &Arc<Statement>,
        parameters: Vec<String>,
        deadline: Instant,
        probe: bool,
        done: Done,
    ) -> Result<(), DbError> {
        match self.state.load(Ordering::Relaxed) {
            UP | CONNECTING => {}
            _ => return Err(Unavailable.into()),
        }
        if let Some(failure) = statement.failure()
            && !probe
        {
            return Err(failure);
        }
        let statement = statement.clone();
        let queued = Instant::now();
        let job = Job {
            statement,
            parameters,
            deadline,
            queued,
            lost: 0,
            alone: false,
            probe,
            done: Some(done),
        };
        if self.queue.push(job).is_err() {
            return Err(Unavailable.into());
        }
        if self.idle.load(Ordering::Relaxed) == 0 {
            self.grow.notify_one();
        }
        // The server may have gone in between, and the queue been emptied before this job.
        if self.state.load(Ordering::Relaxed) == DOWN {
            self.queue.fail_all(&Unavailable.into());
        }
        Ok(())
    }

    pub fn idle_changed(&self, by: isize) {
        if by > 0 {
            self.idle.fetch_add(1, Ordering::Relaxed);
        } else {
            self.idle.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub fn successes(&self) -> u64 {
        self.successes.load(Ordering::Relaxed)
    }

    /// The server said something.
    pub fn answered(&self) {
        self.successes.fetch_add(1, Ordering::Relaxed);
    }

    pub fn succeeded(&self, statement: &Statement) {
        self.answered();
        if statement.succeed() {
            self.log(LogLevel::Notice, &format!("{} works again", statement.name));
        }
    }

    pub fn statement_failed(&self, statement: &Arc<Statement>, error: DbError) {
        let text = error.to_string();
        if statement.quiet {
            return;
        }
        if statement.fail(error) {
            self.log(LogLevel::Error, &text);
            self.failing
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(statement.clone());
        }
    }

    /// The server is there.
    fn set_up(&self, last: u8) {
        self.state.store(UP, Ordering::Relaxed);
        self.answered();
        if let Some(listener) = &self.listener {
            (listener.call)(Event::Connected);
        }
        if last == DOWN {
            self.log(
                LogLevel::Notice,
                &format!("the database {} answers again", self.info),
            );
        }
    }

    /// No connection came about. As long as others work this is no reason to give up.
    fn connect_failed(&self, reason: &str) {
        if self.alive.load(Ordering::Relaxed) == 0 {
            self.set_down(reason);
        }
    }

    /// One connection found that the server hangs: the others need not find out one by one.
    fn set_hung(&self) {
        self.set_down("no answer in time");
        self.down.send_replace(());
    }

    /// The server is away: all that wait are told so.
    fn set_down(&self, reason: &str) {
        if self.state.swap(DOWN, Ordering::Relaxed) != DOWN {
            let text = format!("the database {} is not available: {reason}", self.info);
            self.log(LogLevel::Error, &text);
        }
        self.queue.fail_all(&Unavailable.into());
    }
}

/// Keeps one connection open, adds others while jobs wait, and probes statements that fail.
async fn supervise(shared: Arc<Shared>) {
    let mut tasks = JoinSet::new();
    tasks.spawn(probe_failing(shared.clone()));
    tasks.spawn(grow(shared.clone()));
    loop {
        let session = reconnect(&shared).await;
        match session.serve(&shared, None).await {
            Ended::Idle => {}
            Ended::Lost(reason) => {
                let _ = shared.state.compare_exchange(
                    UP,
                    CONNECTING,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                );
                shared.log(
                    LogLevel::Debug,
                    &format!("database connection lost: {reason}"),
                );
            }
            Ended::Hung => shared.set_hung(),
        }
    }
}

/// Tries until there is a session.
async fn reconnect(shared: &Arc<Shared>) -> Session {
    let mut attempts = JoinSet::new();
    let started = Instant::now();
    loop {
        if attempts.len() < ATTEMPTS {
            attempts.spawn(open(shared.clone()));
        }
        let tick = sleep(PAUSE);
        tokio::pin!(tick);
        loop {
            tokio::select! {
                Some(result) = attempts.join_next() => match result {
                    Ok(Ok(session)) => {
                        shared.set_up(shared.state.load(Ordering::Relaxed));
                        return session;
                    }
                    Ok(Err(reason)) => shared.connect_failed(&reason),
                    Err(panic) => shared.connect_failed(&format!("internal error: {panic}")),
                },
                () = &mut tick => break,
            }
        }
        if started.elapsed() >= shared.settings.query_timeout {
            shared.connect_failed("it does not answer");
        }
    }
}

/// Hands on the notifications of a connection.
fn notifier(shared: &Arc<Shared>) -> connect::Notifier {
    let shared = Arc::downgrade(shared);
    Arc::new(move |payload| {
        if let Some(shared) = shared.upgrade()
            && let Some(listener) = &shared.listener
        {
            (listener.call)(Event::Notified(payload));
        }
    })
}

async fn open(shared: Arc<Shared>) -> Result<Session, String> {
    let limit = shared
        .info
        .connect_timeout
        .unwrap_or(CONNECT_TIMEOUT)
        .min(Duration::from_secs(30));
    let link = connect::connect(&shared.info, limit, notifier(&shared))
        .await
        .map_err(|error| error.to_string())?;
    match tokio::time::timeout(limit, Session::new(link, &shared)).await {
        Ok(session) => session,
        Err(_) => Err("no answer in time".to_owned()),
    }
}

/// Opens a further connection while jobs wait and none is free.
async fn grow(shared: Arc<Shared>) {
    let mut sessions: JoinSet<()> = JoinSet::new();
    loop {
        shared.grow.notified().await;
        // A job that is taken within this time is not worth a connection.
        sleep(Duration::from_millis(5)).await;
        while sessions.try_join_next().is_some() {}
        let waits = shared
            .queue
            .oldest()
            .is_some_and(|t| t.elapsed() > Duration::from_millis(4));
        let room = sessions.len() + 1 < shared.settings.max_connections;
        if !waits || !room || shared.state.load(Ordering::Relaxed) != UP {
            continue;
        }
        let keep = sessions.len() + 1 < shared.settings.keep_connections;
        let Ok(session) = open(shared.clone()).await else {
            // Such as the server's limit of connections: no use asking for each job.
            sleep(PAUSE).await;
            continue;
        };
        let shared = shared.clone();
        sessions.spawn(async move {
            let patience = (!keep).then_some(shared.settings.idle_expiry);
            if session.serve(&shared, patience).await == Ended::Hung {
                shared.set_hung();
            }
        });
    }
}

/// Runs each failing statement every half second, with parameters that mean nothing, until it
/// works. An error about those parameters is a sign of life.
async fn probe_failing(shared: Arc<Shared>) {
    loop {
        sleep(PAUSE).await;
        let failing = std::mem::take(
            &mut *shared
                .failing
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for statement in failing.into_iter().filter(|s| s.failure().is_some()) {
            let again = shared.clone();
            let probed = statement.clone();
            let parameters = vec!["0".to_owned(); statement.parameters];
            let deadline = Instant::now() + shared.settings.query_timeout;
            let done = move |answer: Answer| {
                if let Err(DbError::QueryFailed(text)) = &answer
                    && text.contains("(SQLSTATE 22")
                {
                    again.succeeded(&probed);
                }
                again
                    .failing
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(probed);
            };
            let queued = shared.submit(&statement, parameters, deadline, true, Box::new(done));
            if queued.is_err() {
                shared
                    .failing
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(statement);
            }
        }
    }
}
