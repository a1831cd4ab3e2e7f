//! The one writer: all scans of a process hand their changes to it, and it brings them into the database in batches, each
//! row written at most once in each.

mod batch;
mod finish;

use crate::names::Names;
use batch::Batch;
use mirror_files::compare::Files;
use pg::{Connection, ConnectionError, ConnectionInfo, SqlState};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub(crate) use finish::{Finish, Held, Snapshot};

/// The longest that one statement may take.
const PATIENCE: Duration = Duration::from_secs(3600);

/// How long a database that is away is waited for.
const OUTAGE: Duration = Duration::from_secs(90);

/// Changes of rows in a transaction. Redirects never wait for it; whoever else writes these rows does.
pub(crate) const BATCH: usize = 20_000;

/// Requests that wait, so that memory is bounded.
const QUEUE: usize = 4;

/// What the writer is asked for.
enum Request {
    Change(Change),
    Flush(Sender<()>),
    Finish(Box<Finish>, Sender<Result<(), ConnectionError>>),
}

/// What becomes of files of a mirror.
pub(crate) struct Change {
    /// In the arrays of `filearr`.
    pub mirror: i16,
    /// Files that it has now.
    pub come: Vec<u32>,
    /// Files that it has no more.
    pub gone: Vec<u32>,
    /// Files that it has now and that had no number.
    pub names: Names,
    /// Where their numbers go, and what went wrong.
    pub result: Arc<Mutex<Numbers>>,
}

/// What became of names.
#[derive(Default)]
pub(crate) struct Numbers {
    /// The numbers that they have.
    pub files: Files,
    /// Why some have none.
    pub error: Option<ConnectionError>,
}

/// Takes changes, from any thread.
#[derive(Clone)]
pub(crate) struct Writer {
    requests: SyncSender<Request>,
}

impl Writer {
    /// Starts it. It ends when the last of its clones is gone.
    pub fn start(database: ConnectionInfo, has_tables: bool) -> (Self, JoinHandle<()>) {
        let (requests, receiver) = mpsc::sync_channel(QUEUE);
        let mut work = Work {
            database,
            connection: None,
            has_tables,
        };
        let thread = thread::spawn(move || work.run(&receiver));
        (Self { requests }, thread)
    }

    /// Hands over changes, which are in the database some time later. Waits while too many wait.
    pub fn change(&self, change: Change) {
        // It is there as long as we are.
        let _ = self.requests.send(Request::Change(change));
    }

    /// Waits until all changes are in the database, or have failed.
    pub fn flush(&self) {
        let (sender, receiver) = mpsc::channel();
        let _ = self.requests.send(Request::Flush(sender));
        let _ = receiver.recv();
    }

    /// Ends the scan of a mirror, after all its changes, and waits until that is in the database.
    pub fn finish(&self, finish: Finish) -> Result<(), ConnectionError> {
        let (sender, receiver) = mpsc::channel();
        let _ = self
            .requests
            .send(Request::Finish(Box::new(finish), sender));
        // Without an answer it has panicked, and said so.
        receiver.recv().unwrap_or(Ok(()))
    }
}

struct Work {
    database: ConnectionInfo,
    connection: Option<Connection>,
    has_tables: bool,
}

impl Work {
    fn run(&mut self, requests: &Receiver<Request>) {
        let mut next = None;
        while let Some(request) = next.take().or_else(|| requests.recv().ok()) {
            match request {
                Request::Flush(reply) => {
                    let _ = reply.send(());
                }
                Request::Finish(finish, reply) => {
                    let has_tables = self.has_tables;
                    let result =
                        self.in_transaction(|connection| finish.write(connection, has_tables));
                    // Whoever asked may have given up.
                    let _ = reply.send(result);
                }
                Request::Change(change) => {
                    let mut batch = Batch::new(change);
                    // What others wait with goes along.
                    while batch.len() < BATCH && next.is_none() {
                        match requests.try_recv() {
                            Ok(Request::Change(change)) => batch.add(change),
                            Ok(other) => next = Some(other),
                            Err(_) => break,
                        }
                    }
                    let has_tables = self.has_tables;
                    let result =
                        self.in_transaction(|connection| batch.write(connection, has_tables));
                    batch.tell(result);
                }
            }
        }
    }

    /// Does something that can be done again, in a transaction, and again if the database was away or
    /// somebody else came between.
    fn in_transaction<T>(
        &mut self,
        mut work: impl FnMut(&mut Connection) -> Result<T, ConnectionError>,
    ) -> Result<T, ConnectionError> {
        let until = Instant::now() + OUTAGE;
        let mut pause = Duration::from_millis(50);
        loop {
            let error = match self.try_once(&mut work) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if !may_pass(&error) || Instant::now() > until {
                return Err(error);
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    fn try_once<T>(
        &mut self,
        work: &mut impl FnMut(&mut Connection) -> Result<T, ConnectionError>,
    ) -> Result<T, ConnectionError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(&self.database, &[], PATIENCE)?,
        };
        let mut transaction = connection.transaction()?;
        let done = work(&mut transaction)?;
        transaction.commit()?;
        self.connection = Some(connection);
        Ok(done)
    }
}

/// Whether the same may work later: the server was away, or another writer was in the way.
fn may_pass(error: &ConnectionError) -> bool {
    let Some(code) = error.code() else {
        return true;
    };
    [
        SqlState::UNIQUE_VIOLATION,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
    ]
    .contains(code)
}

/// What a mutex holds; a panic of another thread leaves it usable.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
