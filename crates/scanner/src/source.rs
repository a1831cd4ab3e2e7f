//! Where listings come from: the protocols of a mirror, in the order in which they are tried.

mod ftp;
mod http;
pub(crate) mod local;
mod rsync;
mod rules;

use crate::rules::Rules;
use mirror_db::tables::server::Server;
use mirror_files::http::Client;
use mirror_files::{Entry, Error, Listing, Options};
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
            Protocol::Ftp => ftp::list(self, url, request, sink),
            Protocol::Http => http::list(self, url, request, sink),
        }
    }

    /// Asks servers whether they deliver large files.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base())
    }

    fn base(&self) -> Options {
        Options {
            idle: self.patience,
            user_agent: concat!("MirrorBrain mb/", env!("CARGO_PKG_VERSION")).to_owned(),
            ..Options::default()
        }
    }

    fn options(&self, request: &Request<'_>) -> Options {
        Options {
            subtree: request.subtree.to_owned(),
            ..self.base()
        }
    }
}

/// A directory that is not there has no files; the base must be there.
fn or_gone(listed: Result<Listing, Error>, request: &Request<'_>) -> Result<Listing, Error> {
    match listed {
        Err(Error::Gone(_)) if !request.subtree.is_empty() => Ok(Listing::default()),
        listed => listed,
    }
}
