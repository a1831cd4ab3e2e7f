//! The running servers of a site.

use std::collections::HashMap;

use harness::http::Response;
use harness::httpd::{Builder, Httpd};

use crate::dataset;
use crate::kind::Kind;
use crate::site::Site;

/// The servers that have been needed so far.
#[derive(Debug)]
pub struct Servers<'s> {
    site: &'s Site<'s>,
    sample: Response,
    running: HashMap<Kind, Httpd>,
}

impl<'s> Servers<'s> {
    /// Starts [`Kind::GeoAsn`] and asks it for the sample that the limit repeats.
    pub fn start(site: &'s Site<'s>) -> Self {
        let ours = Kind::GeoAsn.builder(site, None).start();
        let sample = ours.get(&format!("/{}", dataset::path(0)));
        assert_eq!(sample.status, 302, "{sample:?}\n{}", ours.log());
        Self {
            site,
            sample,
            running: HashMap::from([(Kind::GeoAsn, ours)]),
        }
    }

    /// A server of this kind that is not among the running ones.
    pub fn builder(&self, kind: Kind) -> Builder {
        kind.builder(self.site, Some(&self.sample))
    }

    /// Whether httpd takes the configuration; the series is left out otherwise, and why is said.
    pub fn can_run(&self, kind: Kind) -> bool {
        let checked = self.builder(kind).check();
        if let Err(text) = &checked {
            eprintln!("{kind:?} is left out: {text}");
        }
        checked.is_ok()
    }

    /// The server of this kind, started if need be.
    pub fn get(&mut self, kind: Kind) -> &Httpd {
        let (site, sample) = (self.site, &self.sample);
        self.running
            .entry(kind)
            .or_insert_with(|| kind.builder(site, Some(sample)).start())
    }
}
