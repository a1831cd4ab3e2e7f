//! What a writer gives back: headers and a body in segments, or the reason why there is none.

use std::borrow::Cow;
use std::convert::Infallible;

use crate::sums::{InfoHash, Sums};

/// A part of a body in memory.
pub type Segment<'a> = Cow<'a, [u8]>;

/// A part of a body.
#[derive(Debug, Clone)]
pub enum Part<'a> {
    /// Bytes as they are.
    Bytes(Segment<'a>),
    /// Sums of the file, which are read while they are sent.
    Sums(Sums),
}

impl Part<'_> {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Sums(sums) => sums.written(),
        }
    }
}

/// A 200 answer.
#[derive(Debug, Clone, Default)]
pub struct Answer<'a> {
    /// Names and values, for `headers_out`. `Content-Type` comes first. `Vary` is to be merged
    /// with what is there; the others replace.
    pub headers: Vec<(&'static str, String)>,
    /// The body's parts in order.
    pub body: Vec<Part<'a>>,
    /// What the sums of a torrent must hash to: otherwise the answer is 404 for the reason
    /// [`Missing::InfoHash`].
    pub info_hash: Option<InfoHash>,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(content_type: &str) -> Self {
        Self {
            headers: vec![("Content-Type", content_type.to_owned())],
            ..Self::default()
        }
    }

    pub(crate) fn text(body: Vec<u8>) -> Self {
        Self::new("text/plain; charset=UTF-8").with(body)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Says that a shared cache must not give the answer to another client: the mirrors in it, and
    /// their order, are for this one.
    pub(crate) fn for_this_client(self) -> Self {
        self.header("Cache-Control", "private, no-cache")
    }

    pub(crate) fn with(mut self, segment: impl Into<Segment<'a>>) -> Self {
        self.body.push(Part::Bytes(segment.into()));
        self
    }

    pub(crate) fn with_sums(mut self, sums: Sums) -> Self {
        self.body.push(Part::Sums(sums));
        self
    }

    /// The value of the first header of that name (any case).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// `Content-Length` of the body, in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.body.iter().map(Part::length).sum()
    }

    /// The sums in the body, if it holds any.
    #[must_use]
    pub fn sums(&self) -> Option<Sums> {
        self.body.iter().find_map(|part| match part {
            Part::Sums(sums) => Some(*sums),
            Part::Bytes(_) => None,
        })
    }

    /// Hands the body to `out`, piece by piece. `read` gives the sums from an offset on, as they
    /// are stored: some whole hashes, one at least.
    ///
    /// # Errors
    /// Those of `read` and `out`.
    pub fn write_to<R: AsRef<[u8]>, E>(
        &self,
        mut read: impl FnMut(u64) -> Result<R, E>,
        mut out: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.body.iter().try_for_each(|part| match part {
            Part::Bytes(bytes) => out(bytes),
            Part::Sums(sums) => sums.copy(&mut read, &mut out),
        })
    }

    /// The body in one piece, for tests; `stored` are the sums that it holds.
    #[must_use]
    pub fn to_bytes_with(&self, stored: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let rest = |offset| Ok(usize::try_from(offset).ok().and_then(|at| stored.get(at..)));
        let written: Result<(), Infallible> = self.write_to(
            |offset| rest(offset).map(Option::unwrap_or_default),
            |part| {
                bytes.extend_from_slice(part);
                Ok(())
            },
        );
        debug_assert_eq!(written, Ok(()));
        bytes
    }

    /// The same for a document without sums.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_bytes_with(&[])
    }
}

/// Why a file has no such representation: the answer is 404, the reason goes to the debug log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// A metalink without a mirror.
    #[error("no mirror")]
    Mirror,
    /// The hash in question, or all hashes, are not in the database.
    #[error("no {0} hash is known")]
    Hash(&'static str),
    /// A torrent without tracker.
    #[error("no tracker is configured")]
    Tracker,
    /// Hashes of the file's pieces.
    #[error("no piece hashes are known")]
    Pieces,
    /// The info dictionary that we would send has another hash than the stored one.
    #[error("the stored info hash is not that of the torrent's info dictionary")]
    InfoHash,
    /// zsync block size, lengths or sums.
    #[error("no zsync sums are known")]
    Zsync,
}
