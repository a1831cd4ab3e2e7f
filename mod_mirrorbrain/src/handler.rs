//! The engine: which document a request asks for, and of which file.

use crate::answer::FileRequest;
use crate::exchange::{Exchange, RequestedFile, Wanted};
use crate::path::{path, path_of};
use crate::yum;
use apache::{FileKind, Handler, Method, Outcome, Request};
use metrics::Child;
use representation::query::QueryArguments;
use representation::yum::Lookup;
use representation::{Representation, accept, suffix};
use std::ffi::CStr;

const METHOD_NOT_ALLOWED: u16 = 405;

/// The content handler.
pub struct Engine;

impl Handler for Engine {
    fn handle(request: Request<'_>) -> Outcome {
        let Some(exchange) = Exchange::begin(request) else {
            return Outcome::Declined;
        };
        let outcome = exchange.handle();
        let what = match outcome {
            Outcome::Ok => Child::Document,
            Outcome::Status(503) => Child::Unavailable,
            Outcome::Status(404) => Child::Missing,
            // Redirects and files are counted by their reasons.
            _ => return outcome,
        };
        exchange.runtime.status.count(what);
        outcome
    }
}

impl<'r> Exchange<'r> {
    fn handle(self) -> Outcome {
        let (request, exchange) = (self.request, self);
        request.env().set_static(c"WANT", c"file");
        let text = request
            .args()
            .filter(|_| exchange.config.reads_query())
            .unwrap_or_default();
        let query = QueryArguments::parse(text);
        match yum::lookup(&exchange.server.yum_rules, &query) {
            Lookup::Ordinary => {}
            Lookup::NoMatch => return Outcome::Status(404),
            Lookup::List(directory) => return exchange.yum_list(&directory, &query),
        }
        exchange.answer(&query)
    }
}

/// The handler that comes after all others but httpd's own, which would send a file of any size in
/// answer to a POST.
pub struct NoPost;

impl Handler for NoPost {
    fn handle(request: Request<'_>) -> Outcome {
        if request.method() != Method::Post {
            return Outcome::Declined;
        }
        let better = |exchange: &Exchange<'_>| !exchange.config.is_compatible();
        match Exchange::of_file(request).filter(better) {
            Some(exchange) if exchange.redirects() => {
                request.allow(&[c"GET", c"HEAD", c"OPTIONS"]);
                Outcome::Status(METHOD_NOT_ALLOWED)
            }
            _ => Outcome::Declined,
        }
    }
}

impl<'r> Exchange<'r> {
    /// Whether a GET would be redirected, if there is a mirror.
    fn redirects(self) -> bool {
        let info = self.request.file_info();
        let Some(name) = self.request.filename() else {
            return false;
        };
        let file = self.requested(path(name), info);
        let query = QueryArguments::parse(b"");
        info.kind == FileKind::Regular
            && !FileRequest::new(self, file, Wanted::Redirect, &query).is_excluded()
    }

    fn answer(self, query: &QueryArguments<'_>) -> Outcome {
        let info = self.request.file_info();
        let Some(name) = self.request.filename() else {
            return Outcome::Declined;
        };
        let (file, wanted) = match info.kind {
            FileKind::Regular => {
                let file = self.requested(path(name), info);
                (file, self.wanted_of_file(query))
            }
            FileKind::Missing => match self.suffixed(name.to_bytes()) {
                Suffixed::Of(file, representation) => (file, Wanted::Named(representation)),
                Suffixed::Refused(status) => return Outcome::Status(status),
                Suffixed::No => return Outcome::Declined,
            },
            FileKind::Directory | FileKind::Other => return Outcome::Declined,
        };
        self.trace
            .step(|| format!("{} asks for {wanted:?}", file.filename.display()));
        FileRequest::new(self, file, wanted, query).run()
    }

    /// A request for a file that exists: the query chooses, then the Accept header.
    fn wanted_of_file(self, query: &QueryArguments<'_>) -> Wanted {
        if let Some(representation) = query.representation() {
            return Wanted::Named(representation);
        }
        let header = self.request.headers_in().get(c"Accept");
        match header.and_then(|value| accept::metalink(value.to_bytes())) {
            Some(representation) => {
                self.request
                    .env()
                    .set(c"WANT", representation.name().as_bytes());
                Wanted::Negotiated(representation)
            }
            None => Wanted::Redirect,
        }
    }

    /// A request for a name that does not exist: the suffix may name a representation.
    fn suffixed(self, name: &'r [u8]) -> Suffixed<'r> {
        let Some((stem, representation)) = suffix::strip(name) else {
            return Suffixed::No;
        };
        let Some((uri, _)) = suffix::strip(self.uri()) else {
            return Suffixed::No;
        };
        self.request
            .env()
            .set(c"WANT", representation.name().as_bytes());
        let given = self.given(uri, |file| {
            file.filename().map(CStr::to_bytes) == Some(stem)
        });
        let given = match given {
            Ok(given) => given,
            Err(status) => return Suffixed::Refused(status),
        };
        let asked = self.asked_uri().and_then(suffix::strip);
        let asked = asked.filter(|(_, suffix)| *suffix == representation);
        let asked = asked.map_or(uri, |(asked, _)| asked);
        // Logs show the file, whatever was asked about it.
        self.request.set_uri(uri);
        let file = RequestedFile {
            asked_uri: asked,
            ..RequestedFile::new(path_of(stem), uri, given.info, given.content_type)
        };
        Suffixed::Of(file, representation)
    }
}

enum Suffixed<'r> {
    /// A representation of a file that exists
    Of(RequestedFile<'r>, Representation),
    /// A representation of a file that does not, or that this client may not have
    Refused(u16),
    /// Just a name that does not exist
    No,
}
