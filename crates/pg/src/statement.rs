//! One SQL statement and how it fares.

use crate::DbError;
use metrics::Step;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// A statement that connections prepare when they first need it.
///
/// Each has a circuit breaker of its own: one whose table is missing or locked fails at once,
/// without keeping others from being run, until a probe in the background succeeds.
#[derive(Debug)]
pub struct Statement {
    /// Tells statements apart in a connection's list of prepared ones.
    pub(crate) id: usize,
    /// What messages call it: a directive or a table.
    pub(crate) name: &'static str,
    pub(crate) sql: String,
    /// How many parameters it takes, all as text.
    pub(crate) parameters: usize,
    /// How many columns its rows must have, if that matters.
    pub(crate) columns: Option<usize>,
    /// Whether `$1` is an array of keys and the first column the key, so that several jobs can
    /// share one round trip.
    pub(crate) batched: bool,
    /// Whether redirects come first: a connection that runs it is not waited for by others.
    pub(crate) beside: bool,
    /// What its time is counted as.
    pub(crate) step: Option<Step>,
    /// Whether its failures are nobody's business: it has no breaker.
    pub(crate) quiet: bool,
    /// Whether the site wrote it.
    pub(crate) is_own: bool,
    failure: Mutex<Option<DbError>>,
    /// Of what in its rows something was said.
    complaints: Mutex<HashSet<String>>,
    successes: AtomicU64,
}

/// No more is said of a statement's rows.
const COMPLAINTS: usize = 1000;

impl Statement {
    /// A statement with `$1`, `$2`, ... for its parameters.
    pub fn new(name: &'static str, sql: impl Into<String>, parameters: usize) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            name,
            sql: sql.into(),
            parameters,
            columns: None,
            batched: false,
            beside: false,
            step: None,
            quiet: false,
            is_own: false,
            failure: Mutex::new(None),
            complaints: Mutex::default(),
            successes: AtomicU64::new(0),
        }
    }

    /// A statement that the site wrote; `name` is its directive.
    pub fn own(name: &'static str, sql: &str, parameters: usize) -> Self {
        let mut statement = Self::new(name, sql, parameters);
        statement.is_own = true;
        statement
    }

    /// What messages call it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Lets jobs share a round trip, see the field.
    pub fn batched(mut self) -> Self {
        self.batched = true;
        self
    }

    /// Has it fail unless its rows have this many columns.
    pub fn with_columns(mut self, columns: usize) -> Self {
        self.columns = Some(columns);
        self
    }

    /// Has its time counted.
    pub fn counted_as(mut self, step: Step) -> Self {
        self.step = Some(step);
        self
    }

    /// Lets it fail without a word.
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Has redirects come first, see the field.
    pub fn beside(mut self) -> Self {
        self.beside = true;
        self
    }

    /// The failure that it has at present.
    pub fn failure(&self) -> Option<DbError> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Opens the breaker. True if this is news.
    pub(crate) fn fail(&self, error: DbError) -> bool {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.replace(error).is_none()
    }

    /// Closes the breaker. True if this is news.
    pub(crate) fn succeed(&self) -> bool {
        self.successes.fetch_add(1, Ordering::Relaxed);
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.take().is_some()
    }

    /// Whether something is to be said of this, since nothing was so far.
    pub fn complains_of(&self, what: &str) -> bool {
        let mut known = self
            .complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.len() < COMPLAINTS && known.insert(what.to_owned())
    }

    /// A number that grows with each success.
    pub(crate) fn successes(&self) -> u64 {
        self.successes.load(Ordering::Relaxed)
    }
}
