//! The thread that talks to one server.

use crate::{Logger, PATIENCE, Server};
use memcache::{Client, MemcacheError};
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
        let link = Link {
            // The ASCII protocol is what the original spoke.
            url: format!("memcache://{server}?protocol=ascii&tcp_nodelay=true"),
            server: server.clone(),
            connected: Arc::clone(&connected),
            log: Arc::clone(log),
            reported: false,
        };
        // Without a thread (a limit was reached) the queue has no receiver: nothing is
        // remembered, and requests go on.
        let _ = thread::Builder::new()
            .name("mb-memcached".to_owned())
            .spawn(move || link.run(&queue));
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
    url: String,
    server: Server,
    connected: Arc<AtomicBool>,
    log: Logger,
    reported: bool,
}

impl Link {
    /// One connection, which is given up when it does not answer soon.
    fn connect(&self) -> Result<Client, MemcacheError> {
        self.probe()?;
        Client::builder()
            .add_server(self.url.as_str())?
            .with_max_pool_size(1)
            .with_connection_timeout(PATIENCE)
            // Not in the URL: building the client would reset what that says.
            .with_read_timeout(PATIENCE)
            .with_write_timeout(PATIENCE)
            .build()
    }

    /// Connects once. The client's own attempt has no limit, and it would leave a thread behind
    /// that waits for minutes on a host that drops packets.
    fn probe(&self) -> io::Result<()> {
        let Server { host, port } = &self.server;
        let mut last = io::ErrorKind::NotFound.into();
        for address in (host.as_str(), *port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(_) => return Ok(()),
                Err(problem) => last = problem,
            }
        }
        Err(last)
    }

    fn run(mut self, queue: &Receiver<Job>) {
        loop {
            let problem = match self.connect() {
                Ok(client) => {
                    self.connected.store(true, Ordering::Relaxed);
                    if self.reported {
                        (self.log)(&format!("memcached at {} is back", self.server));
                        self.reported = false;
                    }
                    match serve(&client, queue) {
                        Some(problem) => problem,
                        None => return,
                    }
                }
                Err(problem) => problem,
            };
            self.connected.store(false, Ordering::Relaxed);
            if !self.reported {
                (self.log)(&format!(
                    "memcached at {} is not available ({problem}); mirrors are not remembered",
                    self.server
                ));
                self.reported = true;
            }
            if !rest(queue) {
                return;
            }
        }
    }
}

/// Works on jobs until one fails (the reason) or the handle is gone (`None`).
fn serve(client: &Client, queue: &Receiver<Job>) -> Option<MemcacheError> {
    while let Ok(job) = queue.recv() {
        let failed = match job {
            // Whoever asked has given up: do not let a slow server build up a queue.
            Job::Get { asked, .. } if asked.elapsed() > PATIENCE => None,
            Job::Get { key, reply, .. } => match client.get::<String>(&key) {
                Ok(value) => {
                    let _ = reply.send(value);
                    None
                }
                Err(problem) => Some(problem),
            },
            Job::Set {
                key,
                value,
                lifetime,
            } => client.set(&key, value.as_str(), lifetime).err(),
        };
        if failed.is_some() {
            return failed;
        }
    }
    None
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
