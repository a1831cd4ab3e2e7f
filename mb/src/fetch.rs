//! Files of mirrors over HTTP, FTP and rsync: whether they are there, and what is in them.

mod ftp;
mod http;
mod rsync;

use clap::Args;
use md5::{Digest, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::io::{self, Read};
use std::time::{Duration, Instant};

pub(crate) use http::Client;

/// The longest that a mirror may take to answer, and between two pieces of an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest that all of an answer may take in which no file is read. A mirror that sends a byte now and then
/// would never end otherwise.
pub(crate) const ANSWER: Duration = Duration::from_secs(60);

/// The same of one in which a file is read to its end.
const FILE: Duration = Duration::from_secs(3600);

/// The largest file that is read to its end; no site has one that comes near.
const LARGEST: u64 = 1 << 40;

/// How long mirrors may take.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Timeout {
    /// Give a mirror up that takes longer in all [default: 60, or 3600 where files are read]
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    timeout: Option<u32>,
}

impl Timeout {
    /// The longest for one answer.
    pub fn limit(self, wanted: Wanted) -> Duration {
        let usual = if wanted == Wanted::PRESENCE {
            ANSWER
        } else {
            FILE
        };
        let given = self
            .timeout
            .map(|seconds| Duration::from_secs(seconds.into()));
        given.unwrap_or(usual)
    }
}

/// What of a path stands in a URL as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+');

/// What is wanted of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Its MD5.
    pub md5: bool,
    /// As many of its first bytes.
    pub bytes: u64,
}

impl Wanted {
    /// Only whether it is there.
    pub const PRESENCE: Self = Self {
        md5: false,
        bytes: 0,
    };
}

/// A file that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The status of HTTP.
    pub status: Option<u16>,
    /// In hexadecimal digits, if it was wanted.
    pub md5: Option<String>,
    /// Its first bytes, as many as were wanted.
    pub content: Vec<u8>,
}

/// Why a file is not there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// HTTP's status says so.
    #[error("HTTP status {0}")]
    Status(u16),
    /// No answer of HTTP.
    #[error(transparent)]
    Http(#[from] ureq::Error),
    /// FTP says so, or nothing.
    #[error(transparent)]
    Ftp(#[from] suppaftp::FtpError),
    /// The program rsync says so.
    #[error("rsync: {0}")]
    Rsync(String),
    /// It does not come to an end.
    #[error("no end after {} s", .0.as_secs_f32())]
    TooLong(Duration),
    /// It has no host, or another scheme.
    #[error("{0}")]
    Url(String),
    /// The system says so.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Client {
    /// Gets what is wanted of the file at a URL of HTTP, FTP or rsync.
    pub(crate) fn fetch(&self, url: &str, wanted: Wanted) -> Result<Found, FetchError> {
        let start = Instant::now();
        let found = if is_rsync(url) {
            rsync::fetch(url, wanted, self.limit)
        } else if url.starts_with("ftp:") {
            ftp::fetch(url, wanted, self.limit)
        } else {
            self.get(url, wanted)
        };
        // Each protocol has other words for a connection that was ended.
        found.map_err(|error| match start.elapsed() >= self.limit {
            true => FetchError::TooLong(self.limit),
            false => error,
        })
    }

    /// Whether there is a directory below a base URL.
    pub(crate) fn has_directory(&self, base: &str, directory: &str) -> bool {
        let base = base.split_once('#').map_or(base, |(base, _)| base);
        let url = join_escaped(base, directory);
        if is_rsync(&url) {
            rsync::exists(&url, self.limit)
        } else if url.starts_with("ftp:") {
            ftp::has_directory(&url, self.limit).is_ok()
        } else {
            self.get(&format!("{url}/"), Wanted::PRESENCE).is_ok()
        }
    }
}

/// Of the forms that rsync's daemons are named in: `rsync://host/module` and `host::module`.
fn is_rsync(url: &str) -> bool {
    url.starts_with("rsync:") || url.contains("::") && !url.contains("://")
}

/// The URL of a file below a base URL, as it is shown.
pub(crate) fn join(base: &str, path: &str) -> String {
    format!("{}/{path}", base.trim_end_matches('/'))
}

/// The same as it is asked for: with all in the path that URLs have another meaning for escaped.
/// rsync has no escapes.
pub(crate) fn join_escaped(base: &str, path: &str) -> String {
    if is_rsync(base) {
        return join(base, path);
    }
    join(base, &utf8_percent_encode(path, PATH).to_string())
}

/// Reads what is wanted, and not more, in `limit` at most.
fn read(body: impl Read, wanted: Wanted, limit: Duration) -> io::Result<Found> {
    let mut found = Found::default();
    let mut body = Bounded {
        body,
        end: Instant::now() + limit,
        left: LARGEST,
    };
    body.by_ref()
        .take(wanted.bytes)
        .read_to_end(&mut found.content)?;
    if wanted.md5 {
        let mut digest = Md5::new();
        digest.update(&found.content);
        io::copy(&mut body, &mut digest)?;
        found.md5 = Some(hex::encode(digest.finalize()));
    }
    Ok(found)
}

/// A body that ends in time, and has an end.
struct Bounded<R> {
    body: R,
    end: Instant,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(buffer)?;
        // A connection that was ended in time looks like the end of the file.
        if Instant::now() >= self.end {
            let problem = "the file takes too long";
            return Err(io::Error::new(io::ErrorKind::TimedOut, problem));
        }
        let length = u64::try_from(read).unwrap_or(u64::MAX);
        self.left = self
            .left
            .checked_sub(length)
            .ok_or_else(|| io::Error::other("the file has no end"))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_escaped_where_urls_would_misread_them() {
        assert_eq!(
            join_escaped("http://a/b/", "100%_c+d#e?/größe ~.x"),
            "http://a/b/100%25_c+d%23e%3F/gr%C3%B6%C3%9Fe%20~.x"
        );
        assert_eq!(join_escaped("a::b", "c d#"), "a::b/c d#");
        assert_eq!(join("http://a/b", "c d"), "http://a/b/c d");
    }

    #[test]
    fn the_digest_is_of_the_whole_and_the_content_of_the_beginning() {
        let wanted = Wanted {
            md5: true,
            bytes: 2,
        };
        let found = read(&b"abc"[..], wanted, FILE).unwrap();
        assert_eq!(found.content, b"ab");
        assert_eq!(
            found.md5.as_deref(),
            Some("900150983cd24fb0d6963f7d28e17f72")
        );
    }

    #[test]
    fn a_file_that_never_ends_is_given_up() {
        /// Sends a byte now and then.
        struct Trickle;
        impl Read for Trickle {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                std::thread::sleep(Duration::from_millis(5));
                Ok(buffer
                    .first_mut()
                    .map(|byte| *byte = b'x')
                    .map_or(0, |()| 1))
            }
        }
        let wanted = Wanted {
            md5: true,
            bytes: 0,
        };
        let problem = read(Trickle, wanted, Duration::from_millis(50)).unwrap_err();
        assert_eq!(problem.to_string(), "the file takes too long");
        let endless = Bounded {
            body: io::repeat(b'x'),
            end: Instant::now() + FILE,
            left: 1000,
        };
        let problem = io::copy(&mut { endless }, &mut io::sink()).unwrap_err();
        assert_eq!(problem.to_string(), "the file has no end");
    }
}
