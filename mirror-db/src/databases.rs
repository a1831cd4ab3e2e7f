//! All databases of a process.

use crate::{
    ConnectionInfo, Database, LogLevel, Logger, Settings, connection_info::Endpoint,
    driver::Driver, pool, source::Server, waiting::Waiting,
};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The databases of all virtual hosts of a process.
///
/// One thread drives them all. Those that connect to the same share connections and the mirror
/// table and, as far as they ask for the same, also what they know of files; of limits that differ
/// (connections, bytes) the larger one counts.
///
/// A quarter of the process's workers may wait for all of them together, and the others only for a
/// moment: see [`DbError::Busy`](crate::DbError::Busy).
pub struct Databases {
    opened: Vec<(ConnectionInfo, Settings, Arc<Database>)>,
    driver: Option<Driver>,
    waiting: Arc<Waiting>,
    /// By the servers that they are about.
    turns: Vec<(Vec<Endpoint>, Arc<Semaphore>)>,
}

impl Databases {
    /// Begins to connect to all of `wanted`, which may name one several times, for a process that
    /// answers with so many `workers`. To be called once per process, after the last fork.
    pub fn start(wanted: &[(ConnectionInfo, Settings)], workers: usize, log: &Logger) -> Self {
        let driver = match wanted {
            [] => None,
            _ => Driver::start()
                .inspect_err(|problem| {
                    let text = format!("cannot start the thread of the databases: {problem}");
                    log(LogLevel::Error, &text);
                })
                .ok(),
        };
        let mut databases = Self {
            opened: Vec::new(),
            driver,
            waiting: Arc::new(Waiting::new(workers)),
            turns: Vec::new(),
        };
        for (info, settings) in wanted {
            if databases.get(info, settings).is_none() {
                databases.open(info, settings, wanted, log);
            }
        }
        databases
    }

    /// Opens all that connect to the same as this one.
    fn open(
        &mut self,
        info: &ConnectionInfo,
        settings: &Settings,
        wanted: &[(ConnectionInfo, Settings)],
        log: &Logger,
    ) {
        let connects = |other: &&(ConnectionInfo, Settings)| {
            other.0 == *info && other.1.connects_alike(settings)
        };
        let users: Vec<&Settings> = wanted
            .iter()
            .filter(connects)
            .map(|(_, settings)| settings)
            .collect();
        let server = Server::new(info, &users, log.clone(), self.turns(info));
        if let Some(driver) = &self.driver {
            server.start(driver);
        }
        for user in users {
            if let Some(source) = server.source(user)
                && self.get(info, user).is_none()
            {
                let database = Database::new(Arc::clone(source), user, &self.waiting);
                self.opened
                    .push((info.clone(), user.clone(), Arc::new(database)));
            }
        }
    }

    fn turns(&mut self, info: &ConnectionInfo) -> Arc<Semaphore> {
        let about = |(servers, _): &&(Vec<Endpoint>, _)| *servers == info.endpoints;
        if let Some((_, turns)) = self.turns.iter().find(about) {
            return Arc::clone(turns);
        }
        let turns = pool::turns();
        self.turns.push((info.endpoints.clone(), turns.clone()));
        turns
    }

    /// One of those that were wanted.
    pub fn get(&self, info: &ConnectionInfo, settings: &Settings) -> Option<&Arc<Database>> {
        self.opened
            .iter()
            .find(|(of, with, _)| of == info && with == settings)
            .map(|(_, _, database)| database)
    }

    /// Closes all connections and ends the thread, within a bounded time; requests then get
    /// [`Unavailable`](crate::Unavailable).
    pub fn stop(&self) {
        if let Some(driver) = &self.driver {
            driver.stop();
        }
    }
}
