//! A request that the engine answers, and what it is about.

use crate::MirrorBrain;
use crate::access;
use crate::client::Who;
use crate::config::{DirectoryConfig, ServerConfig};
use crate::facts::Facts;
use crate::known_file::KnownFile;
use crate::path::{Base, FileId};
use crate::runtime::Runtime;
use crate::trace::Trace;
use apache::{FileInfo, Method, PathInfo, Request};
use mirror_selection::{Extent, Selection, select};
use representation::{Behind, Origin, Representation};
use std::ffi::CStr;
use std::path::Path;

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
pub struct RequestedFile<'r> {
    /// Where it lies, as httpd mapped the URL
    pub filename: &'r Path,
    /// The path of its URL, decoded, without a representation's suffix and without path info
    pub uri: &'r [u8],
    /// The path under which the client knows it, made likewise: another one after an internal redirect
    pub asked_uri: &'r [u8],
    /// Bytes
    pub size: u64,
    /// Last change in seconds since 1970
    pub mtime: i64,
    /// Which file it is
    pub id: FileId,
    /// Its MIME type
    pub content_type: Option<&'r CStr>,
}

impl<'r> RequestedFile<'r> {
    /// A file as httpd found it.
    pub fn new(
        filename: &'r Path,
        uri: &'r [u8],
        info: FileInfo,
        content_type: Option<&'r CStr>,
    ) -> Self {
        Self {
            filename,
            uri,
            asked_uri: uri,
            size: info.size,
            mtime: info.mtime,
            id: info.into(),
            content_type,
        }
    }

    /// The name that the file is saved under.
    pub fn asked_name(&self) -> &'r [u8] {
        let name = self.asked_uri.rsplit(|&b| b == b'/').next();
        name.unwrap_or(self.asked_uri)
    }
}

/// What each step of an answer needs.
#[derive(Clone, Copy)]
pub struct Exchange<'r> {
    pub request: Request<'r>,
    pub config: &'r DirectoryConfig,
    pub server: &'r ServerConfig,
    pub runtime: &'r Runtime,
    pub trace: Trace<'r>,
}

impl<'r> Exchange<'r> {
    /// None if the request is not ours.
    pub fn begin(request: Request<'r>) -> Option<Self> {
        let begun = Self::of_file(request)?;
        match request.method() {
            Method::Get => Some(begun),
            Method::Head if !begun.config.answers_head_locally() => Some(begun),
            Method::Head | Method::Post | Method::Other => None,
        }
    }

    /// None if the request is none for a file of the engine, whatever the method.
    pub fn of_file(request: Request<'r>) -> Option<Self> {
        let config = request
            .directory_config::<MirrorBrain>()
            .filter(|config| config.is_on())?;
        // A page that includes the file needs its bytes, not a redirect; and an error document
        // must stay one.
        if request.is_subrequest() || request.status() != access::GIVEN {
            return None;
        }
        if !access::leads_to_file(request) {
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

    /// The file that the URL names.
    pub fn requested(self, filename: &'r Path, info: FileInfo) -> RequestedFile<'r> {
        let uri = self.uri();
        RequestedFile {
            asked_uri: self.asked_uri().unwrap_or(uri),
            ..RequestedFile::new(filename, uri, info, self.request.content_type())
        }
    }

    /// The mirrors for a client who wants the file with that key, of `size` bytes, drawn with the seed if there is one. The
    /// log is told if there is none.
    pub fn select<'a>(
        self,
        facts: &'a Facts<'_>,
        who: &'a Who<'_>,
        (key, size): (&[u8], u64),
        extent: Extent,
        seed: Option<u64>,
    ) -> Selection<'a>
    where
        'r: 'a,
    {
        let mut seeded = seed.map(fastrand::Rng::with_seed);
        let selection = select(
            facts.mirrors(),
            &self.config.fallbacks,
            &who.client,
            size,
            self.config.order(key),
            &mut || match &mut seeded {
                Some(seeded) => seeded.u64(..),
                None => fastrand::u64(..),
            },
            extent,
        );
        if selection.target().is_none() {
            self.request.env().set_static(c"MB_NOMIRROR", c"1");
        }
        selection
    }

    /// The configured fallbacks, where they stand behind the mirrors of a list.
    pub fn fallbacks<'a>(
        self,
        selection: Option<&Selection<'_>>,
        who: &'a Who<'_>,
        size: u64,
    ) -> Option<Selection<'a>>
    where
        'r: 'a,
    {
        let fallbacks = &self.config.fallbacks;
        if self.config.is_compatible() || fallbacks.is_empty() || selection?.uses_fallbacks() {
            return None;
        }
        Some(select(
            &[],
            fallbacks,
            &who.client,
            size,
            self.config.order(b""),
            &mut || fastrand::u64(..),
            Extent::All,
        ))
    }

    /// Who stands behind the mirrors of a list, with what [`fallbacks`](Self::fallbacks) gave.
    pub fn behind<'a>(self, fallbacks: Option<&'a Selection<'_>>, is_volatile: bool) -> Behind<'a> {
        // A site with fallbacks does not want to send files itself, but only this server is sure
        // to have what changed a moment ago.
        let origin = if self.gives_files() {
            Some(Origin::Direct)
        } else {
            is_volatile.then_some(Origin::Plain)
        };
        Behind {
            fallbacks: fallbacks.map_or(&[], Selection::ranked),
            origin,
        }
    }

    /// Whether lists name this server, by a URL that gives the file itself.
    fn gives_files(self) -> bool {
        !self.config.is_compatible() && self.config.fallbacks.is_empty()
    }

    /// Whether the request is for that URL: it has two slashes behind the host.
    pub fn is_direct(self) -> bool {
        self.gives_files() && self.request.unparsed_uri().starts_with(b"//")
    }

    /// `MirrorBrainVolatileFileMask`
    pub fn is_volatile(self, file: &KnownFile) -> bool {
        let mask = self.config.volatile_files.as_deref();
        mask.is_some_and(|mask| file.is_volatile(mask))
    }

    /// What keys of files are relative to.
    pub fn base(self) -> Option<&'r Base> {
        if let Some(base) = &self.config.base {
            return Some(base);
        }
        let root = self.request.document_root()?;
        let base = self.runtime.roots.base(root.to_bytes());
        Some(self.request.pool().own(base))
    }

    /// The path of the URL that the client sent, if an internal redirect led from there to here.
    pub fn asked_uri(self) -> Option<&'r [u8]> {
        self.request.redirected_from().map(Request::uri)
    }

    /// The path of the URL without path info.
    pub fn uri(self) -> &'r [u8] {
        let uri = self.request.uri();
        uri.strip_suffix(self.request.path_info()).unwrap_or(uri)
    }
}
