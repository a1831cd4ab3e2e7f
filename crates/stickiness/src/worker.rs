//! The thread that talks to one server.

use crate::protocol::Connection;
use crate::{PATIENCE, Server};
use background::{LogLevel, Logger, Point, persist};
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Questions that may wait for the thread; more are dropped.
const QUEUE: usize = 256;
/// Pause between attempts to connect.
const RETRY: Duration = Duration::from_secs(1);

/// A key that nobody sets: any answer shows that the server works.
const PROBE: &str = "mb_probe";
/// How long its answer may take. No request waits for it.
const PROBE_PATIENCE: Duration = Duration::from_secs(1);

enum Job {
    Get {
        key: String,
        asked: Instant,
        reply: SyncSender<Option<String>>,
    },
    Set {
        key: String,
        value: String,
        lifetime: u32,
    },
}

/// The handle that requests use. The thread ends with it.
pub struct Worker {
    jobs: SyncSender<Job>,
    connected: Arc<AtomicBool>,
}

impl Worker {
    pub fn start(server: &Server, log: &Logger) -> Self {
        let (jobs, queue) = sync_channel(QUEUE);
        let connected = Arc::new(AtomicBool::new(false));
        let mut link = Link {
            server: server.clone(),
            connected: Arc::clone(&connected),
            log: Arc::clone(log),
            reported: false,
        };
        // Without a thread (a limit was reached) the queue has no receiver: nothing is
        // remembered, and requests go on.
        let _ = thread::Builder::new()
            .name("mb-memcached".to_owned())
            .spawn(move || persist(Point::Memcached, || link.run(&queue)));
        Self { jobs, connected }
    }

    pub fn get(&self, key: String) -> Option<String> {
        if !self.connected.load(Ordering::Relaxed) {
            return None;
        }
        let (reply, answer) = sync_channel(1);
        self.jobs
            .try_send(Job::Get {
                key,
                asked: Instant::now(),
                reply,
            })
            .ok()?;
        answer.recv_timeout(PATIENCE).ok()?
    }

    pub fn set(&self, key: String, value: String, lifetime: u32) {
        if self.connected.load(Ordering::Relaxed) {
            let _ = self.jobs.try_send(Job::Set {
                key,
                value,
                lifetime,
            });
        }
    }
}

struct Link {
    server: Server,
    connected: Arc<AtomicBool>,
    log: Logger,
    reported: bool,
}

impl Link {
    /// One connection, which is given up when it does not answer soon.
    fn connect(&self) -> io::Result<Connection<TcpStream>> {
        let Server { host, port } = &self.server;
        let mut last = io::ErrorKind::NotFound.into();
        for address in (host.as_str(), *port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(PROBE_PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    let timeouts = stream.try_clone()?;
                    let mut connection = Connection::new(stream);
                    // A server that hangs still lets its kernel accept connections.
                    connection.get(PROBE, Instant::now() + PROBE_PATIENCE)?;
                    timeouts.set_read_timeout(Some(PATIENCE))?;
                    return Ok(connection);
                }
                Err(problem) => last = problem,
            }
        }
        Err(last)
    }

    fn run(&mut self, queue: &Receiver<Job>) {
        loop {
            let problem = match self.connect() {
                Ok(mut connection) => {
                    let _up = Up::new(&self.connected);
                    if self.reported {
                        let text = format!("memcached at {} is back", self.server);
                        (self.log)(LogLevel::Warning, &text);
                        self.reported = false;
                    }
                    match serve(&mut connection, queue) {
                        End::HandleGone => return,
                        // Servers and firewalls drop connections that are idle for long.
                        End::Lost => continue,
                        End::Failed(problem) => problem,
                    }
                }
                Err(problem) => problem,
            };
            if !self.reported {
                let text = format!(
                    "memcached at {} is not available ({problem}); mirrors are not remembered",
                    self.server
                );
                (self.log)(LogLevel::Warning, &text);
                self.reported = true;
            }
            if !rest(queue) {
                return;
            }
        }
    }
}

/// Tells requests that there is a connection, while it lives; a panic ends that too.
struct Up<'a>(&'a AtomicBool);

impl<'a> Up<'a> {
    fn new(connected: &'a AtomicBool) -> Self {
        connected.store(true, Ordering::Relaxed);
        Self(connected)
    }
}

impl Drop for Up<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Why a connection is served no longer.
enum End {
    /// Nobody asks any more.
    HandleGone,
    /// It worked, and then a job failed.
    Lost,
    /// Its first job failed.
    Failed(io::Error),
}

/// Works on jobs until one fails or the handle is gone.
fn serve(connection: &mut Connection<TcpStream>, queue: &Receiver<Job>) -> End {
    let mut worked = false;
    while let Ok(job) = queue.recv() {
        let deadline = Instant::now() + PATIENCE;
        let done = match job {
            // Whoever asked has given up: do not let a slow server build up a queue.
            Job::Get { asked, .. } if asked.elapsed() > PATIENCE => continue,
            Job::Get { key, reply, .. } => connection.get(&key, deadline).map(|value| {
                let _ = reply.send(value);
            }),
            Job::Set {
                key,
                value,
                lifetime,
            } => connection.set(&key, &value, lifetime, deadline),
        };
        match done {
            Ok(()) => worked = true,
            Err(_) if worked => return End::Lost,
            Err(problem) => return End::Failed(problem),
        }
    }
    End::HandleGone
}

/// Waits, dropping what comes in. False if the handle is gone.
fn rest(queue: &Receiver<Job>) -> bool {
    let end = Instant::now() + RETRY;
    loop {
        match queue.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}
