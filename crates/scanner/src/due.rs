//! Mirrors that are due, taken one by one from the table `job`: by one machine or by several.

use crate::event::Observer;
use crate::outcome::Outcome;
use crate::run::{Options, host_and_port, run};
use crate::source::Protocol;
use mirror_db::tables::job::{self, Job};
use mirror_db::tables::server::{self, Server};
use pg::{Connection, ConnectionError, ConnectionInfo};
use std::hash::{BuildHasher, RandomState};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// The longest that one statement may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// A job whose worker says nothing for so long is another one's.
const LEASE: Duration = Duration::from_secs(300);

/// How often a worker says that it is there.
const BEAT: Duration = Duration::from_secs(60);

/// A mirror whose host somebody else talks to is tried again after this.
const BUSY: Duration = Duration::from_secs(30);

/// The longest that a mirror which always fails is left alone.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Files of a sample.
const SAMPLE: i64 = 20;

/// With more files that have changed, all are listed.
const MANY: i64 = 10_000;

/// When mirrors are scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How often each one is looked at.
    pub interval: Duration,
    /// How often it is listed wholly. In between only what has changed at the origin is asked for, or a
    /// sample; without a scanned origin each scan is of all.
    pub whole: Duration,
}

/// Every six hours, and wholly every week.
impl Default for Schedule {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(6 * 3600),
            whole: Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// Scans the mirror that is due longest, as its `worker`, a name that no other has. Returns what came of it; `None` if
/// none is due, or the host of the one that is is busy.
///
/// # Errors
/// Those of the database.
pub fn scan_due(
    database: &ConnectionInfo,
    worker: &str,
    schedule: Schedule,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Option<(Server, Outcome)>, ConnectionError> {
    let mut connection = Connection::open(database, &[], PATIENCE)?;
    job::plan(&mut connection, schedule.interval.as_secs_f64())?;
    loop {
        let Some(mut job) = job::take(&mut connection, worker, LEASE.as_secs_f64())? else {
            return Ok(None);
        };
        let Some(mirror) = server::by_id(&mut connection, job.mirror)? else {
            job::done(&mut connection, job, worker, LONGEST.as_secs_f64())?;
            continue;
        };
        let hosts = hosts(&mirror);
        if !lock(&mut connection, &hosts)? {
            job::done(&mut connection, job, worker, BUSY.as_secs_f64())?;
            continue;
        }
        let scanned = scan(
            database,
            &mut connection,
            job,
            worker,
            &mirror,
            schedule,
            options,
            observer,
        );
        for host in &hosts {
            job::unlock_host(&mut connection, host)?;
        }
        let outcome = scanned?;
        let pause = match outcome.is_complete() {
            true => {
                job.failed = 0;
                schedule.interval
            }
            false => {
                job.failed += 1;
                let times = 1_u32 << job.failed.clamp(0, 10);
                (schedule.interval / 16 * times).min(LONGEST)
            }
        };
        job::done(&mut connection, job, worker, pause.as_secs_f64())?;
        return Ok(Some((mirror, outcome)));
    }
}

/// Locks all hosts, or none.
fn lock(connection: &mut Connection, hosts: &[String]) -> Result<bool, ConnectionError> {
    for (place, host) in hosts.iter().enumerate() {
        if !job::lock_host(connection, host)? {
            for host in hosts.iter().take(place) {
                job::unlock_host(connection, host)?;
            }
            return Ok(false);
        }
    }
    Ok(true)
}

fn hosts(mirror: &Server) -> Vec<String> {
    let hosts = Protocol::urls(mirror).into_iter();
    let mut hosts: Vec<String> = hosts
        .filter_map(|(_, url)| Some(host_and_port(url)?.0))
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

#[expect(clippy::too_many_arguments, reason = "all of them once")]
fn scan(
    database: &ConnectionInfo,
    connection: &mut Connection,
    job: Job,
    worker: &str,
    mirror: &Server,
    schedule: Schedule,
    options: &Options,
    observer: &dyn Observer,
) -> Result<Outcome, ConnectionError> {
    let needs = job::needs(connection, mirror.id, schedule.whole.as_secs_f64())?;
    let mut options = options.clone();
    if !needs.whole && needs.changed <= MANY {
        options.files = match needs.changed {
            0 => {
                let draw = |largest: i32| {
                    let drawn =
                        RandomState::new().hash_one(worker) % (largest.unsigned_abs() as u64 + 1);
                    i32::try_from(drawn).unwrap_or(0)
                };
                job::sample(connection, mirror.id, SAMPLE, draw)?
            }
            _ => job::changed(connection, mirror.id)?,
        };
    }
    let (stop, stopped) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let Ok(mut connection) = Connection::open(database, &[], PATIENCE) else {
                return;
            };
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(BEAT) {
                // A beat that is lost is made up for by the next one.
                let _ = job::hold(&mut connection, job, worker, LEASE.as_secs_f64());
            }
        });
        let outcomes = run(database, std::slice::from_ref(mirror), &options, observer);
        drop(stop);
        Ok(outcomes?.pop().unwrap_or_default())
    })
}
