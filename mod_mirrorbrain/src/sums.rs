//! The sums of a document on their way from the database to the client.

use crate::answer::FileRequest;
use crate::large::{BUFFERED, Sending};
use apache::Method;
use mirror_cache::{Range, Sums, SumsError};
use mirror_db::{Detail, Digests, FileVersion};
use pg::DbError;
use representation::{Answer, File, Missing, Representation};
use std::thread::sleep;
use std::time::Duration;

/// How often sums are asked for again in the midst of an answer, and when.
const AGAIN: usize = 5;
const PAUSE: Duration = Duration::from_millis(500);

/// Why a document is not begun.
pub enum Refusal {
    /// It does not exist.
    Missing(Missing),
    /// It cannot be made now.
    Unavailable(SumsError),
}

impl From<SumsError> for Refusal {
    fn from(problem: SumsError) -> Self {
        Self::Unavailable(problem)
    }
}

/// Where the sums of one document come from.
pub struct Source<'d> {
    sums: Sums<'d>,
    /// What was read before the answer began.
    first: Option<Range>,
    _sending: Option<Sending>,
}

impl Source<'_> {
    /// The sums from `offset` on. An answer that has begun survives a database that is away for a
    /// moment.
    pub fn range(&mut self, offset: u64) -> Result<Range, SumsError> {
        if let Some(first) = self.first.take().filter(|_| offset == 0) {
            return Ok(first);
        }
        let mut result = self.sums.range(offset);
        for _ in 0..AGAIN {
            if !matches!(result, Err(SumsError::Database(_) | SumsError::Busy)) {
                break;
            }
            sleep(PAUSE);
            result = self.sums.range(offset);
        }
        result
    }
}

impl FileRequest<'_> {
    /// Sees that an answer's sums can be had, and that they are right, before it is begun. Nothing
    /// is read for a request that gets no body.
    pub fn source(
        &self,
        answer: &Answer<'_>,
        representation: Representation,
        file: &File<'_>,
        digests: Option<&Digests>,
    ) -> Result<Option<Source<'_>>, Refusal> {
        let exchange = self.exchange();
        let (Some(_), Some(digests)) = (answer.sums(), digests) else {
            return Ok(None);
        };
        if exchange.request.method() == Method::Head {
            return Ok(None);
        }
        let sending = if answer.length() > BUFFERED {
            Some(self.sending()?)
        } else {
            None
        };
        let detail = match representation {
            Representation::Zsync => Detail::Blocks,
            _ => Detail::Pieces,
        };
        let database = exchange.runtime.database().map_err(DbError::from);
        let database = database.map_err(SumsError::from)?;
        let sums = database.sums(version(file), digests, detail);
        let sums = sums.ok_or(SumsError::Changed)?;
        let first = sums.range(0)?;
        if let Some(info) = &answer.info_hash
            && !info.holds(|offset| sums.range(offset))?
        {
            return Err(Refusal::Missing(Missing::InfoHash));
        }
        Ok(Some(Source {
            sums,
            first: Some(first),
            _sending: sending,
        }))
    }

    fn sending(&self) -> Result<Sending, SumsError> {
        let (runtime, request) = (self.exchange().runtime, self.exchange().request);
        let sending = runtime.large.begin(runtime.most_large, request);
        sending.ok_or(SumsError::Busy)
    }

    /// The signature, for documents that hold it; empty if there is none.
    pub fn signature(
        &self,
        representation: Representation,
        file: &File<'_>,
        digests: &Digests,
    ) -> Result<String, SumsError> {
        if !representation.is_metalink() || !digests.has_pgp {
            return Ok(String::new());
        }
        let database = self.exchange().runtime.database();
        let database = database.map_err(DbError::from)?;
        database.signature(version(file), digests)
    }
}

/// Which file the database is asked about. One with hashes has a name in UTF-8, as all that the database
/// knows.
fn version<'f>(file: &'f File<'_>) -> FileVersion<&'f str> {
    FileVersion {
        path: std::str::from_utf8(file.key()).unwrap_or_default(),
        size: file.size,
        mtime: file.mtime,
    }
}
