//! All databases of a process.

use crate::source::Server;
use crate::waiting::Waiting;
use crate::{Database, Settings};
use background::{LogLevel, Logger};
use metrics::Slot;
use pg::{Common, ConnectionInfo, Driver, Endpoint, turns};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The databases of all virtual hosts of a process.
///
/// One thread drives them all. Those that connect to the same share connections and the mirror
/// table and, as far as they ask for the same, also what they know of files; of limits that differ
/// (connections, bytes) the larger one counts.
///
/// A quarter of the process's workers may wait for all of them together, and the others only for a
/// moment: see [`DbError::Busy`](pg::DbError::Busy).
pub struct Databases {
    process: Process,
    groups: Vec<Group>,
    opened: Vec<(ConnectionInfo, Settings, Arc<Database>)>,
    driver: Option<Driver>,
    waiting: Arc<Waiting>,
    /// By the servers that they are about.
    turns: Vec<(Vec<Endpoint>, Arc<Semaphore>)>,
}

/// The process that asks.
#[derive(Clone)]
pub struct Process {
    /// Requests that it answers at a time.
    pub workers: usize,
    /// How many such processes there are at most.
    pub processes: usize,
    /// Where it counts, with a place for each of the [`groups`].
    pub slot: Slot,
}

/// Those of the databases that connect to the same.
pub struct Group {
    /// A name that no other has, without secrets.
    pub name: String,
    /// The servers, as `host:port`.
    pub servers: Vec<String>,
    info: ConnectionInfo,
    settings: Settings,
}

/// What `wanted` connects to, each once, in the order in which [`Databases`] counts.
pub fn groups(wanted: &[(ConnectionInfo, Settings)]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (info, settings) in wanted {
        if number(&groups, info, settings) < groups.len() {
            continue;
        }
        let plain = info.to_string();
        let alike = groups
            .iter()
            .filter(|group| group.info.to_string() == plain);
        let name = match alike.count() {
            0 => plain,
            others => format!("{plain} #{}", others + 1),
        };
        groups.push(Group {
            name,
            servers: info.server_names(),
            info: info.clone(),
            settings: settings.clone(),
        });
    }
    groups
}

/// The number of a group; behind the last one if there is none.
fn number(groups: &[Group], info: &ConnectionInfo, settings: &Settings) -> usize {
    let connects = |group: &Group| group.info == *info && group.settings.connects_alike(settings);
    groups.iter().position(connects).unwrap_or(groups.len())
}

impl Databases {
    /// Begins to connect to all of `wanted`, which may name one several times. To be called once per
    /// process, after the last fork.
    pub fn start(wanted: &[(ConnectionInfo, Settings)], process: Process, log: &Logger) -> Self {
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
            waiting: Arc::new(Waiting::new(
                process.workers,
                process.processes,
                process.slot.clone(),
            )),
            process,
            groups: groups(wanted),
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
        let number = number(&self.groups, info, settings);
        let common = Common {
            turns: self.turns(info),
            numbers: self.process.slot.database(number),
            announces: true,
        };
        let server = Server::new(info, &users, log.clone(), common);
        if let Some(driver) = &self.driver {
            server.start(driver);
        }
        for user in users {
            if let Some(source) = server.source(user)
                && self.get(info, user).is_none()
            {
                let database = Database::new(Arc::clone(source), user, &self.waiting, number);
                self.opened
                    .push((info.clone(), user.clone(), Arc::new(database)));
            }
        }
    }

    fn turns(&mut self, info: &ConnectionInfo) -> Arc<Semaphore> {
        let about = |(servers, _): &&(Vec<Endpoint>, _)| servers == info.endpoints();
        if let Some((_, turns)) = self.turns.iter().find(about) {
            return Arc::clone(turns);
        }
        let turns = turns();
        self.turns.push((info.endpoints().to_vec(), turns.clone()));
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
    /// [`Unavailable`](pg::Unavailable).
    pub fn stop(&self) {
        if let Some(driver) = &self.driver {
            driver.stop();
        }
    }
}
