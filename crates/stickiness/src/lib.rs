#![forbid(unsafe_code)]
//! Remembers in memcached which mirror a client was sent to, so that it stays there.
//!
//! Key `mb_<instance>_<address>`, value the mirror's id in decimal, flags 0.
//!
//! A request never talks to memcached itself: a thread per server does, and a request waits for
//! it for a bounded time. A connection that failed in any way is dropped, because a late reply
//! on it would be taken for the reply to the next question.

pub mod protocol;
mod worker;

use background::Logger;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use worker::Worker;

/// The longest that a request waits for memcached.
const PATIENCE: Duration = Duration::from_millis(50);

/// A memcached server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// Name or address
    pub host: String,
    /// TCP port
    pub port: u16,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The memory of one instance.
pub struct Stickiness {
    prefix: String,
    lifetime: u32,
    workers: Vec<Worker>,
}

impl Stickiness {
    /// Starts one thread per server. `lifetime` is rounded down to seconds.
    pub fn start(instance: &str, lifetime: Duration, servers: &[Server], log: &Logger) -> Self {
        Self {
            prefix: format!("mb_{instance}_"),
            lifetime: u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX),
            workers: servers
                .iter()
                .map(|server| Worker::start(server, log))
                .collect(),
        }
    }

    /// The id of the mirror that the client was sent to. `None` also if memcached does not
    /// answer soon.
    pub fn recall(&self, client: IpAddr) -> Option<i64> {
        let key = self.key(client);
        self.worker(&key)?.get(key)?.trim().parse().ok()
    }

    /// Notes that the client was sent to the mirror, from now on for the configured time. Does
    /// not wait.
    pub fn remember(&self, client: IpAddr, mirror_id: i64) {
        let key = self.key(client);
        if let Some(worker) = self.worker(&key) {
            worker.set(key, mirror_id.to_string(), self.lifetime);
        }
    }

    fn key(&self, client: IpAddr) -> String {
        format!("{}{client}", self.prefix)
    }

    /// The server in charge of a key, found as APR's memcached client does, so that servers that
    /// share memcached with the original modules look in the same places.
    fn worker(&self, key: &str) -> Option<&Worker> {
        let hash = (crc32fast::hash(key.as_bytes()) >> 16) & 0x7fff;
        let index = (hash as usize).checked_rem(self.workers.len())?;
        self.workers.get(index)
    }
}
