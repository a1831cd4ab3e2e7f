//! Whether a server delivers files of more than 2^31 bytes: some cannot count as far.

use ureq::http::header::CONTENT_RANGE;

use super::client::{Answer, Client, Question, header};
use super::{base, below};
use crate::{Error, Size};

/// The part around 2^31 that MirrorBrain has always asked for.
const PART: &str = "bytes=2147483520-2147483649";

/// What a server does with a large file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LargeFile {
    /// It sends any part of it.
    Delivered,
    /// It sends clients to an FTP server, which will do.
    MovedToFtp,
    /// It says this status.
    Status(u16),
    /// It sends something else; the URL.
    NoRanges(String),
}

impl Client {
    /// Asks for a part of a file beyond 2^31 bytes, below a URL; redirects are followed as for listings.
    ///
    /// ```no_run
    /// use mirror_files::{Options, Size, http};
    ///
    /// let client = http::Client::new(&Options::default());
    /// let size = Size::Exact(4_700_000_000);
    /// let large = client.check_large("https://ftp.example.org/pub/", "iso/dvd.iso", size);
    /// assert_eq!(large, http::LargeFile::Delivered);
    /// ```
    pub fn check_large(&self, url: &str, path: &str, size: Size) -> LargeFile {
        self.check_part(url, path, size, PART)
    }

    /// The same for a part of any file (RFC 9110, section 14.2).
    pub fn check_part(&self, url: &str, path: &str, size: Size, part: &str) -> LargeFile {
        let shown = format!("{}/{path}", url.trim_end_matches('/'));
        let Ok(base) = base(url) else {
            return LargeFile::NoRanges(shown);
        };
        let url = below(&base, path);
        // A connection that breaks says nothing about the server.
        let ask = || self.part(&url, part);
        let Ok(answer) = ask().or_else(|_| ask()).or_else(|_| ask()) else {
            return LargeFile::NoRanges(shown);
        };
        if let Some(url) = &answer.elsewhere {
            return match url.scheme() {
                "ftp" => LargeFile::MovedToFtp,
                _ => LargeFile::NoRanges(shown),
            };
        }
        let response = &answer.response;
        match response.status().as_u16() {
            206 if header(response, CONTENT_RANGE).is_none_or(|range| has_total(range, size)) => {
                LargeFile::Delivered
            }
            200 | 206 | 416 => LargeFile::NoRanges(shown),
            status => LargeFile::Status(status),
        }
    }

    fn part(&self, url: &url::Url, part: &str) -> Result<Answer, Error> {
        let question = Question {
            range: Some(part),
            ..Question::get(url)
        };
        self.ask(&question, self.idle() * 10)
    }
}

/// Whether `bytes 1-2/3` tells the size that the file has, or none.
fn has_total(range: &str, size: Size) -> bool {
    match range.rsplit_once('/') {
        Some((_, "*")) => true,
        Some((_, total)) => total.parse().is_ok_and(|total| size.may_be(total)),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THIRTY: Size = Size::Exact(30);

    #[test]
    fn the_whole_size_must_be_right_where_it_is_told() {
        assert!(has_total("bytes 1-2/30", THIRTY) && has_total("bytes 1-2/*", THIRTY));
        assert!(!has_total("bytes 1-2/29", THIRTY) && !has_total("bytes", THIRTY));
    }
}
