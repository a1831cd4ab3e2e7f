//! Where a file can be had, in the order of preference.

use mirror_selection::{Choice, Code};

use crate::document::{Document, Sources};

/// Who stands behind the mirrors of a list, so that a client for whom none of them works has the
/// file all the same. By default nobody, as in the lists of MirrorBrain 2.19.
#[derive(Debug, Clone, Copy, Default)]
pub struct Behind<'a> {
    /// The configured fallbacks, best first.
    pub fallbacks: &'a [Choice<'a>],
    /// This server, if it is the last.
    pub origin: Option<Origin>,
}

/// What a list names this server by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The URL that answers with a redirect, or with the file if it is not to be redirected.
    Plain,
    /// The URL that answers with the file itself: a second slash behind the host says so. Who has a
    /// list, and comes here nevertheless, has no use for a redirect to a mirror of that list.
    Direct,
}

impl Origin {
    /// The path of a URL of this server as a list has it.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Direct => "/",
        }
    }
}

/// A URL of the file.
pub(crate) struct Source {
    pub url: String,
    /// Where it is; this server's place is not known.
    pub country: Option<Code>,
}

impl Document<'_> {
    /// All of them, best first: mirrors, then who stands behind them.
    pub(crate) fn all_sources(&self) -> impl Iterator<Item = Source> {
        let choices = self.choices().iter().chain(self.behind.fallbacks);
        let origin = match self.sources {
            Sources::OriginOnly => Some(Origin::Plain),
            Sources::Mirrors(_) => self.behind.origin,
        };
        let here = origin.map(|origin| Source {
            url: self.file.origin_url(origin),
            country: None,
        });
        let mirrors = choices.map(|choice| Source {
            url: self.mirror_url(choice),
            country: Some(choice.country()),
        });
        mirrors.chain(here)
    }

    /// What torrents and zsync files name: all of them. In those of MirrorBrain 2.19 the mirrors of the
    /// best group, or this server if there is none.
    pub(crate) fn seeds(&self) -> Vec<String> {
        let mut urls: Vec<String> = if self.compatible {
            let group = self.best_group().iter();
            group.map(|choice| self.mirror_url(choice)).collect()
        } else {
            self.all_sources().map(|source| source.url).collect()
        };
        if urls.is_empty() {
            urls.push(self.file.self_url().to_owned());
        }
        urls
    }
}
