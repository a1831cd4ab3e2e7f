//! Hashing and recording: rows are written as they come, and told in the original's order.

use super::super::hasher::{self, Job, Lot, Made, Trouble};
use super::super::{signature, stamps};
use super::{ATTEMPTS, Open, Run, Step, Task};
use crate::error::Failure;
use crate::python::repr;
use background::Progress;
use mirror_db::tables::hash::record::{self, HashRow};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// Rows that are written at once, at most.
const ROWS: usize = 1000;
/// Bytes of long columns that are written at once, unless one row has more.
const BYTES: usize = 16 << 20;
/// The longest that a row waits for others.
const WAIT: Duration = Duration::from_secs(2);

/// Rows on their way into the database.
#[derive(Default)]
struct Batch {
    rows: Vec<HashRow>,
    bytes: usize,
    since: Option<Instant>,
}

impl Batch {
    fn push(&mut self, row: HashRow) {
        self.bytes += row.length();
        self.rows.push(row);
        self.since.get_or_insert_with(Instant::now);
    }

    /// How long it may still wait.
    fn patience(&self) -> Duration {
        if self.rows.len() >= ROWS || self.bytes >= BYTES {
            return Duration::ZERO;
        }
        self.since
            .map_or(WAIT, |since| WAIT.saturating_sub(since.elapsed()))
    }
}

/// Results by the place of the job.
struct Results {
    receiver: Receiver<Lot>,
    come: Vec<Option<Result<(), Trouble>>>,
    batch: Batch,
}

impl Run<'_> {
    /// Does what is to be done for the files of these directories, and ends with them.
    pub(super) fn make(&mut self, opened: &[Open]) -> Result<(), Failure> {
        let jobs: Vec<Job> = opened.iter().flat_map(jobs_of).collect();
        let is_over = AtomicBool::new(false);
        let settings = self.settings;
        let bar = self.report.bar();
        let read = |bytes| bar.advance(bytes);
        let (sender, receiver) = mpsc::channel();
        let mut results = Results {
            receiver,
            come: jobs.iter().map(|_| None).collect(),
            batch: Batch::default(),
        };
        thread::scope(|scope| {
            let (jobs, is_over, read) = (&jobs, &is_over, &read);
            scope.spawn(move || hasher::hash_all(jobs, settings, is_over, read, &sender));
            let done = self.follow(opened, &mut results);
            is_over.store(true, Ordering::Relaxed);
            done
        })
    }

    fn follow(&mut self, opened: &[Open], results: &mut Results) -> Result<(), Failure> {
        let mut place = 0;
        for open in opened {
            let source = open.visit.source.display();
            self.report
                .verbose(format_args!("Examining directory {source}"))?;
            let lock = open.stamps.join(stamps::LOCK);
            self.report
                .verbose(format_args!("locked {}", lock.display()))?;
            let mut is_changing = false;
            for step in &open.steps {
                match step.task {
                    Task::Nothing => self.up_to_date(open, step)?,
                    Task::Sign(id, version) => self.sign(open, step, id, version)?,
                    Task::Hash => {
                        let result = self.wait(results, place)?;
                        place += 1;
                        is_changing |= self.hashed(open, step, result)?;
                    }
                }
            }
            if is_changing {
                let mut visit = open.visit.clone();
                visit.attempt += 1;
                self.again.push(visit);
            }
            self.finish(open)?;
            self.report
                .verbose(format_args!("unlocking {}", lock.display()))?;
        }
        self.write(&mut results.batch)
    }

    /// Waits for the result of a job; what comes meanwhile is recorded.
    fn wait(
        &mut self,
        results: &mut Results,
        place: usize,
    ) -> Result<Result<(), Trouble>, Failure> {
        loop {
            if let Some(result) = results.come.get_mut(place).and_then(Option::take) {
                return Ok(result);
            }
            let patience = results.batch.patience();
            if patience.is_zero() {
                self.write(&mut results.batch)?;
                self.report.flush()?;
                continue;
            }
            match results.receiver.recv_timeout(patience) {
                Ok(lot) => {
                    for (place, result) in lot {
                        let result = result.map(|made| self.take(made, &mut results.batch));
                        if let Some(come) = results.come.get_mut(place) {
                            *come = Some(result);
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::new("a file was not hashed: this is a bug"));
                }
            }
        }
    }

    fn take(&mut self, made: Made, batch: &mut Batch) {
        self.report.totals.hashed += 1;
        self.report.totals.hashed_bytes += made.row.size.unsigned_abs();
        // The row counts; a stamp is for going back.
        if let Err(error) = made.stamp {
            let path = &made.row.path;
            self.report.warn(format_args!("{path}: no stamp: {error}"));
        }
        batch.push(made.row);
    }

    fn write(&mut self, batch: &mut Batch) -> Result<(), Failure> {
        if !batch.rows.is_empty() {
            record::write(self.connection, &batch.rows)?;
        }
        *batch = Batch::default();
        Ok(())
    }

    fn up_to_date(&mut self, open: &Open, step: &Step) -> Result<(), Failure> {
        self.report.totals.unchanged += 1;
        let name = step.item.stamp();
        let path = open.stamps.join(&name);
        if !open.old_stamps.contains_key(&name) {
            let mode = match self.settings.copy_permissions {
                true => step.item.mode,
                false => 0o644,
            };
            if let Err(error) = stamps::make(&path, step.item.mtime, mode) {
                self.report
                    .warn(format_args!("{}: {error}", path.display()));
            }
        }
        let path = repr(path.as_os_str().as_encoded_bytes());
        self.report
            .verbose(format_args!("Up to date hash file: {path}"))?;
        let relative = repr(step.relative.as_bytes());
        Ok(self
            .report
            .verbose(format_args!("Up to date in db: {relative}"))?)
    }

    fn sign(
        &mut self,
        open: &Open,
        step: &Step,
        id: i32,
        version: (i64, i32),
    ) -> Result<(), Failure> {
        let path = open.visit.source.join(&step.item.name);
        let text = signature::read(&path, step.item.size);
        if record::sign(self.connection, id, version, &text)? {
            self.report.totals.signatures += 1;
            let relative = repr(step.relative.as_bytes());
            self.report
                .line(format_args!("Updating signature of {relative}... done."))?;
        }
        self.up_to_date(open, step)
    }

    /// Tells of a file that was hashed. Whether it is to be tried again.
    fn hashed(
        &mut self,
        open: &Open,
        step: &Step,
        result: Result<(), Trouble>,
    ) -> Result<bool, Failure> {
        let path = open.visit.source.join(&step.item.name);
        match result {
            Ok(()) => {}
            Err(Trouble::Gone) => return Ok(false),
            Err(Trouble::Changing) if open.visit.attempt < ATTEMPTS => return Ok(true),
            Err(Trouble::Changing) => {
                let path = path.display().to_string();
                self.report.warn(format_args!(
                    "{path}: it is being written, and left for the next run"
                ));
                self.report.totals.changing.push(path);
                return Ok(false);
            }
            Err(other) => {
                self.failed(&path, other);
                return Ok(false);
            }
        }
        let path = repr(path.as_os_str().as_encoded_bytes());
        self.report.line(format_args!("Hashing {path}... done."))?;
        let stamp = open.stamps.join(step.item.stamp());
        let stamp = repr(stamp.as_os_str().as_encoded_bytes());
        self.report
            .verbose(format_args!("Hash file updated: {stamp}"))?;
        if !step.is_listed {
            self.say_unlisted(&step.relative)?;
        }
        let relative = repr(step.relative.as_bytes());
        self.report.verbose(match step.is_recorded {
            false => "Hash was not present yet in database - inserted".to_owned(),
            true => format!("Hash updated in database for {relative}"),
        })?;
        Ok(false)
    }
}

fn jobs_of(open: &Open) -> Vec<Job> {
    let steps = open.steps.iter();
    steps
        .filter(|step| matches!(step.task, Task::Hash))
        .map(|step| Job {
            path: open.visit.source.join(&step.item.name),
            relative: step.relative.clone(),
            item: step.item.clone(),
            stamps: open.stamps.clone(),
        })
        .collect()
}
