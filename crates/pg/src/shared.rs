//! What requests and the connections of a pool share.

use crate::connect::Remarks;
use crate::queue::{Done, Job, Queue};
use crate::sessions::Sessions;
use crate::statement::Statement;
use crate::{ConnectionInfo, DbError, PoolSettings, Unavailable};
use background::{LogLevel, Logger};
use metrics::DatabaseNumbers;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, Semaphore, watch};

/// Not started.
pub(crate) const IDLE: u8 = 0;
/// Nothing is known of the server yet, or its connection broke: jobs wait.
pub(crate) const CONNECTING: u8 = 1;
/// The server answers.
pub(crate) const UP: u8 = 2;
/// The server is away: jobs fail at once.
pub(crate) const DOWN: u8 = 3;

/// The queue, the state of the server, and the signals.
pub(crate) struct Shared {
    pub info: ConnectionInfo,
    pub settings: PoolSettings,
    pub logger: Logger,
    pub listener: Option<Listener>,
    pub queue: Queue,
    /// What is counted; and whether children speak of their connections.
    pub numbers: DatabaseNumbers,
    pub announces: bool,
    /// The number of the server that we are connected to, from 1.
    pub server: AtomicU64,
    pub state: AtomicU8,
    /// Answers of any kind, so that one statement that hangs can be told from a server that does.
    pub successes: AtomicU64,
    pub idle: AtomicUsize,
    /// Connections that work.
    pub alive: AtomicUsize,
    /// Those of them that run something beside redirects.
    pub beside: AtomicUsize,
    pub grow: Notify,
    /// Changes when the server is found to hang.
    pub down: watch::Sender<()>,
    /// Who connects to the same server.
    pub turns: Arc<Semaphore>,
    pub last_init_failure: LastMessage,
    pub last_plaintext: LastMessage,
    pub last_failover: LastMessage,
    pub last_pooler: LastMessage,
    pub sessions: Sessions,
    /// Statements that failed and are to be probed.
    pub failing: Mutex<Vec<Arc<Statement>>>,
}

/// Who wants to hear of notifications (`NOTIFY`).
pub struct Listener {
    /// A plain SQL identifier.
    pub channel: &'static str,
    /// Called in the driver's thread; must be quick and must not block.
    pub call: Box<dyn Fn(Event<'_>) + Send + Sync>,
}

/// What a [`Listener`] hears.
pub enum Event<'a> {
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

impl Shared {
    /// Says what is unusual about a new connection, once until that changes.
    pub fn remark(&self, remarks: &Remarks) {
        let plaintext = remarks.plaintext.as_deref().unwrap_or_default();
        if self.last_plaintext.replace(plaintext) && !plaintext.is_empty() {
            self.log(LogLevel::Warning, plaintext);
        }
        let failover = remarks.failover.as_deref().unwrap_or_default();
        if self.last_failover.replace(failover) && !failover.is_empty() {
            self.log(LogLevel::Notice, failover);
        }
    }

    pub fn log(&self, level: LogLevel, text: &str) {
        (self.logger)(level, text);
    }

    pub fn submit(
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
        let (statement, batched) = (statement.clone(), statement.batched);
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
        if self.queue.add(job).is_err() {
            return Err(Unavailable.into());
        }
        let idle = self.idle.load(Ordering::SeqCst);
        let others = idle + self.beside.load(Ordering::Relaxed);
        let busy = self.alive.load(Ordering::Relaxed) > others;
        if batched && busy {
            // The connection at work takes this job along when it comes back: fewer and larger
            // round trips cost both sides less. If it stays away, another one takes over.
            self.grow.notify_one();
        } else {
            self.queue.wake.notify_one();
            if idle == 0 {
                self.grow.notify_one();
            }
        }
        // The server may have gone in between, or the pool been stopped, and the queue been
        // emptied before this job.
        if matches!(self.state.load(Ordering::Relaxed), IDLE | DOWN) {
            self.queue.fail_all(&Unavailable.into());
        }
        Ok(())
    }

    pub fn idle_changed(&self, by: isize) {
        if by > 0 {
            self.idle.fetch_add(1, Ordering::SeqCst);
        } else {
            self.idle.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Counts a connection that runs something beside redirects, until the value is dropped.
    pub fn works_beside(&self) -> impl Drop + use<'_> {
        struct Beside<'s>(&'s Shared);
        impl Drop for Beside<'_> {
            fn drop(&mut self) {
                self.0.beside.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.beside.fetch_add(1, Ordering::Relaxed);
        Beside(self)
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
    pub fn set_up(&self, last: u8, server: &str) {
        self.state.store(UP, Ordering::Relaxed);
        self.answered();
        if let Some(listener) = &self.listener {
            (listener.call)(Event::Connected);
        }
        let names = self.info.server_names();
        let number = names.iter().position(|name| name == server);
        let number = number.map_or(0, |number| number as u64 + 1);
        self.server.store(number, Ordering::Relaxed);
        let at = if names.len() > 1 {
            format!(" at {server}")
        } else {
            String::new()
        };
        if last == DOWN {
            let text = format!("the database {} answers again{at}", self.info);
            self.log(LogLevel::Notice, &text);
        } else if self.announces && self.numbers.announce(number, seconds()) {
            let text = format!("connected to the database {}{at}", self.info);
            self.log(LogLevel::Notice, &text);
        }
    }

    /// No connection came about. As long as others work this is no reason to give up.
    pub fn connect_failed(&self, reason: &str) {
        if self.alive.load(Ordering::Relaxed) == 0 {
            self.set_down(reason);
        }
    }

    /// One connection found that the server hangs: the others need not find out one by one.
    pub fn set_hung(&self, reason: &str) {
        self.set_down(reason);
        self.down.send_replace(());
    }

    /// The server is away: all that wait are told so.
    pub fn set_down(&self, reason: &str) {
        if self.state.swap(DOWN, Ordering::Relaxed) != DOWN {
            let text = format!("the database {} is not available: {reason}", self.info);
            self.log(LogLevel::Error, &text);
        }
        self.queue.fail_all(&Unavailable.into());
    }
}

/// The time, in seconds since 1970.
fn seconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
}
