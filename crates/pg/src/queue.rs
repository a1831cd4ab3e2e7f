//! The jobs that wait for a connection.

use crate::statement::Statement;
use crate::{DbError, Unavailable};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::Notify;
use tokio_postgres::Row;

/// Rows, or why there are none.
pub type Answer = Result<Vec<Row>, DbError>;

/// One execution of a statement.
pub(crate) struct Job {
    pub statement: Arc<Statement>,
    pub parameters: Vec<String>,
    /// Nobody waits for the answer beyond this time.
    pub deadline: Instant,
    pub queued: Instant,
    /// How many connections broke with it.
    pub lost: u8,
    /// Whether it must not share a round trip.
    pub alone: bool,
    /// Whether it is a probe of a statement that fails.
    pub probe: bool,
    /// Receives the answer, in a thread of the pool: must be quick and must not block.
    pub done: Option<Done>,
}

/// Receives an answer.
pub(crate) type Done = Box<dyn FnOnce(Answer) + Send + Sync>;

impl Job {
    pub fn answer(mut self, answer: Answer) {
        if let Some(done) = self.done.take() {
            done(answer);
        }
    }
}

/// Whatever becomes of a job, whoever waits for it hears of it.
impl Drop for Job {
    fn drop(&mut self) {
        if let Some(done) = self.done.take() {
            done(Err(Unavailable.into()));
        }
    }
}

/// Most jobs that share one round trip.
const BATCH: usize = 256;

/// A bound on memory, far beyond what the threads of one process can ask at a time.
const LONGEST: usize = 65_536;

#[derive(Default)]
pub(crate) struct Queue {
    jobs: Mutex<VecDeque<Job>>,
    /// Wakes one connection.
    pub wake: Notify,
}

impl Queue {
    /// Adds a job at the end and wakes a connection, or gives the job back if there are far too
    /// many.
    pub fn push(&self, job: Job) -> Result<(), Job> {
        self.add(job)?;
        self.wake.notify_one();
        Ok(())
    }

    /// As [`push`](Self::push), but wakes nobody.
    pub fn add(&self, job: Job) -> Result<(), Job> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.len() >= LONGEST {
            return Err(job);
        }
        jobs.push_back(job);
        Ok(())
    }

    /// Takes the oldest job that someone still waits for, and those that can share its round trip.
    /// An empty list is an empty queue.
    pub fn take(&self) -> Vec<Job> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let mut batch: Vec<Job> = Vec::new();
        // Dropped, and so answered, after the lock.
        let mut late = Vec::new();
        while let Some(job) = jobs.pop_front() {
            if job.deadline > now {
                batch.push(job);
                break;
            }
            late.push(job);
        }
        if let Some(first) = batch.first().filter(|job| !job.alone)
            && first.statement.batched
        {
            let id = first.statement.id;
            let mut others = VecDeque::with_capacity(jobs.len());
            for job in jobs.drain(..) {
                if job.statement.id == id && !job.alone && batch.len() < BATCH {
                    batch.push(job);
                } else {
                    others.push_back(job);
                }
            }
            *jobs = others;
        }
        if !jobs.is_empty() {
            self.wake.notify_one();
        }
        drop(jobs);
        drop(late);
        batch
    }

    /// How long the oldest job has been waiting.
    pub fn oldest(&self) -> Option<Instant> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.front().map(|job| job.queued)
    }

    /// Gives this answer to all jobs that wait.
    pub fn fail_all(&self, error: &DbError) {
        let jobs = std::mem::take(&mut *self.jobs.lock().unwrap_or_else(PoisonError::into_inner));
        for job in jobs {
            job.answer(Err(error.clone()));
        }
    }
}
