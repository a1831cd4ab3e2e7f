//! The engine: which document a request asks for, and of which file.

use crate::MirrorBrain;
use crate::answer::Job;
use crate::config::{Directory, Server};
use crate::path::{Base, path};
use crate::runtime::Runtime;
use crate::trace::Trace;
use crate::yum;
use apache::{FileInfo, FileKind, Handler, Method, Outcome, PathInfo, Request};
use representation::query::QueryArguments;
use representation::yum::Lookup;
use representation::{Representation, accept, suffix};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

/// The content handler.
pub struct Engine;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The file: a redirect to a mirror
    Redirect,
    /// A metalink, by the Accept header of a request for the file
    Negotiated(Representation),
    /// A document, by suffix or query argument
    Named(Representation),
}

/// The file a request is about.
#[derive(Clone, Copy)]
pub struct Subject<'r> {
    /// Where it lies
    pub path: &'r Path,
    /// The path of its URL, decoded, without a representation's suffix and without path info
    pub uri: &'r [u8],
    /// Bytes
    pub size: u64,
    /// Last change in seconds since 1970
    pub mtime: i64,
    /// Whether the URL had a suffix, so that what httpd knows is about another name
    pub suffixed: bool,
}

/// What each step of an answer needs.
#[derive(Clone, Copy)]
pub struct Exchange<'r> {
    pub request: Request<'r>,
    pub config: &'r Directory,
    pub server: &'r Server,
    pub runtime: &'r Runtime,
    pub trace: Trace<'r>,
}

impl Handler for Engine {
    fn handle(request: Request<'_>) -> Outcome {
        let Some(exchange) = Exchange::begin(request) else {
            return Outcome::Declined;
        };
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

impl<'r> Exchange<'r> {
    /// None if the request is not ours.
    fn begin(request: Request<'r>) -> Option<Self> {
        let config = request
            .directory_config::<MirrorBrain>()
            .filter(|config| config.is_on())?;
        match request.method() {
            Method::Get => {}
            Method::Head if !config.answers_head_locally() => {}
            Method::Head | Method::Other => return None,
        }
        // A page that includes the file needs its bytes, not a redirect.
        if request.is_subrequest() {
            return None;
        }
        if !request.path_info().is_empty() && request.accepts_path_info() != PathInfo::Accept {
            return None;
        }
        let server = request.server_config::<MirrorBrain>()?;
        let runtime = server.runtime.get()?;
        let trace = Trace::new(request, config.traces());
        Some(Self {
            request,
            config,
            server,
            runtime,
            trace,
        })
    }

    fn answer(self, query: &QueryArguments<'_>) -> Outcome {
        let info = self.request.file_info();
        let Some(name) = self.request.filename() else {
            return Outcome::Declined;
        };
        let (subject, wanted) = match info.kind {
            FileKind::Regular => {
                let subject = self.requested(path(name), info);
                (subject, self.wanted_of_file(query))
            }
            FileKind::Missing => match self.suffixed(name.to_bytes()) {
                Suffixed::Of(subject, representation) => (subject, Wanted::Named(representation)),
                Suffixed::Missing => return Outcome::Status(404),
                Suffixed::No => return Outcome::Declined,
            },
            FileKind::Directory | FileKind::Other => return Outcome::Declined,
        };
        self.trace
            .step(|| format!("{} asks for {wanted:?}", subject.path.display()));
        Job::new(self, subject, wanted, query).run()
    }

    fn requested(self, path: &'r Path, info: FileInfo) -> Subject<'r> {
        let FileInfo { size, mtime, .. } = info;
        Subject {
            path,
            uri: self.uri(),
            size,
            mtime,
            suffixed: false,
        }
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
        let path = Path::new(OsStr::from_bytes(stem));
        let Ok(metadata) = path.metadata() else {
            return Suffixed::Missing;
        };
        if !metadata.is_file() {
            return Suffixed::Missing;
        }
        // Logs show the file, whatever was asked about it.
        self.request.set_uri(uri);
        let (size, mtime) = (metadata.len(), metadata.mtime());
        Suffixed::Of(
            Subject {
                path,
                uri,
                size,
                mtime,
                suffixed: true,
            },
            representation,
        )
    }

    /// What keys of files are relative to.
    pub fn base(self) -> Option<Arc<Base>> {
        let root = || Some(Arc::new(Base::new(path(self.request.document_root()?))));
        self.config.base.clone().or_else(root)
    }

    /// The path of the URL without path info.
    fn uri(self) -> &'r [u8] {
        let uri = self.request.uri();
        uri.strip_suffix(self.request.path_info()).unwrap_or(uri)
    }
}

enum Suffixed<'r> {
    /// A representation of a file that exists
    Of(Subject<'r>, Representation),
    /// A representation of a file that does not
    Missing,
    /// Just a name that does not exist
    No,
}
