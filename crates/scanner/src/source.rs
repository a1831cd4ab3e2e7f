//! Where listings come from: the protocols of a mirror, in the order in which they are tried.

mod ftp;
mod http;
mod large;
pub(crate) mod local;
mod rsync;
mod web;

use crate::rules::Rules;
use mirror_db::tables::server::Server;
use mirror_files::{Entry, Error, Listing, Size};
use std::fmt;
use std::ops::ControlFlow;
use std::time::Duration;

/// A protocol that mirrors are listed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// `baseurl_rsync`
    Rsync,
    /// `baseurl_ftp`
    Ftp,
    /// `baseurl`, HTTP or HTTPS
    Http,
}

impl Protocol {
    /// As the table `scan` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rsync => "rsync",
            Self::Ftp => "ftp",
            Self::Http => "http",
        }
    }

    /// The URLs of a mirror that can be listed, the best one first.
    pub fn urls(mirror: &Server) -> Vec<(Self, &str)> {
        let base = match mirror.baseurl.starts_with("ftp:") {
            true => Self::Ftp,
            false => Self::Http,
        };
        let all = [
            (Self::Rsync, &*mirror.baseurl_rsync),
            (Self::Ftp, &*mirror.baseurl_ftp),
            (base, &*mirror.baseurl),
        ];
        all.into_iter().filter(|(_, url)| !url.is_empty()).collect()
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is to be listed.
pub(crate) struct Request<'a> {
    /// Below the base; empty for all.
    pub subtree: &'a str,
    /// These files and no others, if there are any.
    pub files: &'a [String],
    /// What counts.
    pub rules: &'a Rules,
    /// Is told mode and path of what not everybody may read.
    pub unreadable: &'a (dyn Fn(&str, &str) + Sync),
}

/// How servers are asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a server may say nothing.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(60),
        }
    }
}

/// What a server does with a large file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LargeFile {
    /// It sends any part of it.
    Delivered,
    /// It sends clients to an FTP server, which will do.
    MovedToFtp,
    /// It says this status.
    Status(u16),
    /// It sends something else; the URL.
    NoRanges(String),
}

impl Settings {
    /// Lists what is below a URL; paths begin at the base, whatever is listed.
    pub(crate) fn list(
        &self,
        protocol: Protocol,
        url: &str,
        request: &Request<'_>,
        sink: &mut dyn FnMut(Entry) -> ControlFlow<()>,
    ) -> Result<Listing, Error> {
        match protocol {
            Protocol::Rsync => rsync::list(self, url, request, sink),
            Protocol::Ftp if !request.files.is_empty() => Err(Error::Server(
                "single files are asked for over rsync and HTTP only".to_owned(),
            )),
            Protocol::Http if !request.files.is_empty() => {
                http::files(self, url, request.files, sink)
            }
            Protocol::Ftp => ftp::list(self, url, request, sink),
            Protocol::Http => http::list(self, url, request, sink),
        }
    }

    /// Asks for a part of a file beyond 2^31 bytes; what has no URL of HTTP is not asked.
    pub(crate) fn check_large(&self, base: &str, path: &str, size: Size) -> LargeFile {
        if base.is_empty() {
            return LargeFile::Delivered;
        }
        large::check(base, path, size, self.patience)
    }
}
