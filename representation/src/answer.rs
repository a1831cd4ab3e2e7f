//! What a writer gives back: headers and a body in segments, or the reason why there is none.

use std::borrow::Cow;
use std::io;

/// A part of a body, borrowed where it is large (piece hashes, zsync sums).
pub type Segment<'a> = Cow<'a, [u8]>;

/// A 200 answer.
#[derive(Debug, Clone, Default)]
pub struct Answer<'a> {
    /// Names and values, for `headers_out`. `Content-Type` comes first. `Vary` is to be merged
    /// with what is there; the others replace.
    pub headers: Vec<(&'static str, String)>,
    /// The body's segments in order.
    pub body: Vec<Segment<'a>>,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(content_type: &str) -> Self {
        Self {
            headers: vec![("Content-Type", content_type.to_owned())],
            body: Vec::new(),
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
        self.body.push(segment.into());
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
        self.body.iter().map(|s| s.len() as u64).sum()
    }

    /// Writes the body.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_to(&self, mut out: impl io::Write) -> io::Result<()> {
        self.body
            .iter()
            .try_for_each(|segment| out.write_all(segment))
    }

    /// The body in one piece, for tests and small documents.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.body.concat()
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
