//! One file's facts, from as many statements as the configuration needs.

use crate::cache::{FileCache, Flight, Join};
use crate::file_record::Mirrors;
use crate::{FileRecord, Settings};
use mirror_db::tables::hash::lookup;
use mirror_db::tables::server::eligible;
use mirror_db::{FileHashes, FileVersion, own_query};
use mirror_selection::MirrorSet;
use pg::{Answer, DbError, Pool, Statement, Unavailable};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Asks the database about files.
pub(crate) struct Fetcher {
    pub pool: Arc<Pool>,
    pub cache: Arc<FileCache>,
    time: Duration,
    /// Mirrors and digests at once; not needed where the site has its own query for both.
    lookup: Option<Arc<Statement>>,
    /// Takes its place where that cannot be prepared.
    lookup_without_hash: Arc<Statement>,
    mirrors: Option<Arc<Statement>>,
    hashes: Option<Arc<Statement>>,
}

impl Fetcher {
    pub fn new(pool: Arc<Pool>, cache: Arc<FileCache>, settings: &Settings) -> Self {
        let mirrors = settings.mirror_query.as_deref();
        let hash = settings.hash_query.as_deref();
        let both = mirrors.is_some() && hash.is_some();
        let batched = !settings.cache_ttl.is_zero();
        Self {
            pool,
            cache,
            time: settings.pool.query_timeout,
            lookup: (!both).then(|| Arc::new(lookup::statement(batched))),
            lookup_without_hash: Arc::new(lookup::statement_without_hash(batched)),
            mirrors: mirrors.map(|query| Arc::new(own_query::mirrors::statement(query))),
            hashes: hash.map(|query| Arc::new(own_query::hashes::statement(query))),
        }
    }

    /// What the record of a file is kept under. The site's own hash query is about one version.
    pub fn key<'a>(&self, file: FileVersion<&'a str>) -> Cow<'a, str> {
        let FileVersion { path, size, mtime } = file;
        match self.hashes {
            Some(_) => format!("{path}\0{size}\0{mtime}").into(),
            None => path.into(),
        }
    }

    /// Joins the query for this file, or starts one.
    pub fn ask(&self, key: &str, file: FileVersion<&str>) -> Flight {
        let key: Arc<str> = Arc::from(key);
        match self.cache.join(&key) {
            Join::Wait(flight) => flight,
            Join::Ask(flight) => {
                let landing = self.landing(key, flight.clone());
                self.fetch(file, landing);
                flight
            }
        }
    }

    /// What ends a query of the cache.
    fn landing(
        &self,
        key: Arc<str>,
        flight: Flight,
    ) -> impl FnOnce(Result<FileRecord, DbError>) + Send + use<> {
        let cache = self.cache.clone();
        move |result| cache.land(key, &flight, result.map(Arc::new))
    }

    /// Runs the statements and gives the record to `done`, in the background thread, or here if
    /// the database is known to be away.
    pub fn fetch(
        &self,
        file: FileVersion<&str>,
        done: impl FnOnce(Result<FileRecord, DbError>) + Send + 'static,
    ) {
        let statements: Vec<(Part, &Arc<Statement>)> = [
            (Part::Lookup, &self.lookup),
            (Part::Mirrors, &self.mirrors),
            (Part::Hashes, &self.hashes),
        ]
        .into_iter()
        .filter_map(|(part, statement)| Some((part, statement.as_ref()?)))
        .collect();
        let asked = Instant::now();
        let inquiry = Inquiry {
            pool: Arc::downgrade(&self.pool),
            size: file.size,
            mtime: file.mtime,
            own_mirrors: self.mirrors.is_some(),
            own_hashes: self.hashes.is_some(),
        };
        let assembly = Arc::new(Assembly::new(statements.len(), asked, inquiry, done));
        for (part, statement) in statements {
            let mut parameters = vec![file.path.to_owned()];
            if part == Part::Hashes {
                parameters.extend([file.size.to_string(), file.mtime.to_string()]);
            }
            let question = Question {
                part,
                statement: statement.clone(),
                parameters,
                deadline: asked + self.time,
                otherwise: (part == Part::Lookup && self.mirrors.is_none())
                    .then(|| self.lookup_without_hash.clone()),
            };
            assembly.ask(question);
        }
    }
}

/// A statement to run for a record.
struct Question {
    part: Part,
    statement: Arc<Statement>,
    parameters: Vec<String>,
    deadline: Instant,
    /// For the mirrors alone, if it cannot be run as it is.
    otherwise: Option<Arc<Statement>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Lookup,
    LookupWithoutHash,
    Mirrors,
    Hashes,
}

type Done = Box<dyn FnOnce(Result<FileRecord, DbError>) + Send>;

/// A record in the making.
struct Assembly {
    asked: Instant,
    inquiry: Inquiry,
    left: Mutex<Left>,
    found: Mutex<Found>,
}

/// Whom is asked about which file, and what comes from a site's own queries.
#[derive(Default)]
struct Inquiry {
    /// Weak: whoever drops the last of a pool waits for the end of the thread that answers come from.
    pool: Weak<Pool>,
    size: u64,
    mtime: i64,
    own_mirrors: bool,
    own_hashes: bool,
}

struct Left {
    parts: usize,
    done: Option<Done>,
}

#[derive(Default)]
struct Found {
    mirrors: Option<Mirrors>,
    /// From the site's own query; takes the place of those of the look-up.
    own_versions: Option<Vec<FileHashes>>,
    versions: Vec<FileHashes>,
    digests_failed: bool,
}

impl Assembly {
    fn new(
        parts: usize,
        asked: Instant,
        inquiry: Inquiry,
        done: impl FnOnce(Result<FileRecord, DbError>) + Send + 'static,
    ) -> Self {
        Self {
            asked,
            inquiry,
            left: Mutex::new(Left {
                parts,
                done: Some(Box::new(done)),
            }),
            found: Mutex::default(),
        }
    }

    fn ask(self: &Arc<Self>, question: Question) {
        let Some(pool) = self.inquiry.pool.upgrade() else {
            return;
        };
        let question = Arc::new(question);
        let (this, asked) = (self.clone(), question.clone());
        let answer = move |answer: Answer| this.hear(&asked, answer);
        let parameters = question.parameters.clone();
        let deadline = question.deadline;
        if let Err(error) = pool.submit(&question.statement, parameters, deadline, answer) {
            // Its breaker is open: as if the server had said so again.
            self.hear(&question, Err(error));
        }
    }

    /// Takes an answer, or asks for less.
    fn hear(self: &Arc<Self>, question: &Question, answer: Answer) {
        match (&answer, &question.otherwise) {
            (Err(error), Some(statement)) if error.is_about_the_statement() => {
                self.ask(Question {
                    part: Part::LookupWithoutHash,
                    statement: statement.clone(),
                    parameters: question.parameters.clone(),
                    deadline: question.deadline,
                    otherwise: None,
                });
            }
            _ => self.add(question.part, &question.statement, answer),
        }
    }

    /// One statement has answered.
    fn add(&self, part: Part, statement: &Statement, answer: Answer) {
        let Inquiry { size, mtime, .. } = self.inquiry;
        let result = answer.and_then(|rows| {
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            match part {
                Part::Lookup | Part::LookupWithoutHash => {
                    let (ids, versions) = lookup::read(&rows)?;
                    found.versions = versions;
                    found.mirrors.get_or_insert(Mirrors::Ids(ids));
                    found.digests_failed |=
                        part == Part::LookupWithoutHash && !self.inquiry.own_hashes;
                }
                Part::Mirrors => {
                    let rows = eligible::read(statement, &rows, |level, text| {
                        if let Some(pool) = self.inquiry.pool.upgrade() {
                            pool.log(level, text);
                        }
                    })?;
                    found.mirrors = Some(Mirrors::Rows(rows.into()));
                }
                Part::Hashes => {
                    let digests = own_query::hashes::read(statement, &rows, size)?;
                    let version = digests.map(|digests| FileHashes {
                        size,
                        mtime,
                        digests,
                    });
                    found.own_versions = Some(version.into_iter().collect());
                }
            }
            Ok(())
        });
        match result {
            Ok(()) => self.part_done(),
            Err(error) if is_no_name(&error) => self.part_done(),
            // A redirect can do without digests.
            Err(DbError::QueryFailed(_)) if self.has_only_digests(part) => {
                let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
                found.digests_failed |= part == Part::Hashes || !self.inquiry.own_hashes;
                drop(found);
                self.part_done();
            }
            Err(error) => self.finish(Err(error)),
        }
    }

    fn has_only_digests(&self, part: Part) -> bool {
        part == Part::Hashes || (part == Part::Lookup && self.inquiry.own_mirrors)
    }

    fn part_done(&self) {
        let last = {
            let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
            left.parts = left.parts.saturating_sub(1);
            left.parts == 0
        };
        if last {
            let found =
                std::mem::take(&mut *self.found.lock().unwrap_or_else(PoisonError::into_inner));
            let mirrors = found.mirrors.unwrap_or(Mirrors::Ids(MirrorSet::default()));
            let versions = match found.digests_failed {
                true => Vec::new(),
                false => found.own_versions.unwrap_or(found.versions),
            };
            let mut record = FileRecord::new(mirrors, versions, self.asked);
            record.digests_failed = found.digests_failed;
            self.finish(Ok(record));
        }
    }

    fn finish(&self, result: Result<FileRecord, DbError>) {
        let done = self
            .left
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .done
            .take();
        if let Some(done) = done {
            done(result);
        }
    }
}

/// Whatever becomes of the statements, also a panic on the way, whoever waits for the record hears
/// of it: a query that never ended would be joined by every later request for the file.
impl Drop for Assembly {
    fn drop(&mut self) {
        self.finish(Err(Unavailable.into()));
    }
}

/// The server could not take the path as text of its encoding: then it has no such path, either.
fn is_no_name(error: &DbError) -> bool {
    match error {
        DbError::QueryFailed(failure) => failure.is_no_text(),
        DbError::Unavailable(_) | DbError::Busy => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use background::Logger;
    use pg::ConnectionInfo;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// An answer that meets a panic where it is read.
    fn panics(assembly: Arc<Assembly>) {
        let caught = catch_unwind(AssertUnwindSafe(move || {
            let _found = assembly.found.lock();
            std::panic::resume_unwind(Box::new("no"));
        }));
        assert!(caught.is_err());
    }

    #[test]
    fn a_panic_over_an_answer_ends_the_query_for_all_that_wait() {
        let info = ConnectionInfo::parse("host=127.0.0.1").unwrap();
        let log: Logger = Arc::new(|_, _| ());
        let settings = Settings::default();
        let pool = Arc::new(Pool::new(info, settings.pool.clone(), log));
        let fetcher = Fetcher::new(pool, Arc::new(FileCache::new(1 << 20)), &settings);
        let key: Arc<str> = "a".into();
        for _ in 0..2 {
            let Join::Ask(flight) = fetcher.cache.join(&key) else {
                panic!("the query before is still under way");
            };
            let landing = fetcher.landing(key.clone(), flight.clone());
            panics(Arc::new(Assembly::new(
                1,
                Instant::now(),
                Inquiry::default(),
                landing,
            )));
            let answer = flight.wait(Instant::now() + Duration::from_secs(5));
            assert_eq!(
                answer.map(|result| result.map(|_| ())),
                Some(Err(Unavailable.into()))
            );
        }
    }
}
