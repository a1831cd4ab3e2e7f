//! `mb scan --due` and `mb scan --worker`

use super::report::Report;
use super::{Arguments, JOBS, options};
use crate::error::Failure;
use crate::session::{Session, warn};
use mirror_db::tables::{scan, server};
use scanner::{Schedule, scan_due};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a worker that has nothing to do waits before it looks again.
const PAUSE: Duration = Duration::from_secs(10);

/// Scans mirrors that are due, several at once.
pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    if !scan::exists(session.connection()?)? {
        return Err(
            Failure::new("the tables have no place for jobs").hint("mb db migrate makes it")
        );
    }
    let instance = session.instance()?;
    let schedule = Schedule {
        interval: Duration::from_secs(60 * u64::from(instance.scan_interval)),
        ..Schedule::default()
    };
    let mut options = options(instance)?;
    options.force = arguments.force;
    options.full = arguments.full;
    let database = session.connection_info()?;
    let mirrors = server::all(session.connection()?)?;
    let jobs = arguments.jobs.unwrap_or(JOBS).max(1);
    let host = nix::unistd::gethostname().unwrap_or_default();
    let host = host.to_string_lossy().into_owned();
    let report = Report::new(arguments, &options, &mirrors, None, &mut session.out);
    let has_failed = AtomicBool::new(false);
    let failure = Mutex::new(None);
    let scanned = Mutex::new(Vec::new());
    let work = |number: usize| {
        let worker = format!("{host}:{}:{number}", std::process::id());
        loop {
            match scan_due(&database, &worker, schedule, &options, &report) {
                Ok(Some((mirror, outcome))) => {
                    has_failed.fetch_or(!outcome.is_complete(), Ordering::Relaxed);
                    // A worker never comes to the end, where they are shown.
                    if !arguments.worker {
                        let mut scanned = scanned.lock().unwrap_or_else(PoisonError::into_inner);
                        scanned.push((mirror, outcome));
                    }
                }
                Ok(None) if arguments.worker => thread::sleep(PAUSE),
                Ok(None) => break,
                Err(error) if arguments.worker => {
                    warn(format_args!("database: {error}"));
                    thread::sleep(PAUSE);
                }
                Err(error) => {
                    let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
                    failure.get_or_insert(error);
                    break;
                }
            }
        }
    };
    thread::scope(|scope| {
        for number in 1..jobs {
            scope.spawn(move || work(number));
        }
        work(0);
    });
    let scanned = scanned.into_inner();
    let scanned = scanned.unwrap_or_else(PoisonError::into_inner);
    let (mirrors, outcomes): (Vec<_>, Vec<_>) = scanned.into_iter().unzip();
    report.end(&mirrors, &outcomes)?;
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error.into()),
        None if has_failed.into_inner() => Err(Failure::quiet(1)),
        None => Ok(()),
    }
}
