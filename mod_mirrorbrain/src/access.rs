//! Whether httpd gives a client the very file that a document is about.

use crate::exchange::Exchange;
use apache::{FileInfo, FileKind, Request, SubRequest};
use std::ffi::CStr;

/// The status of a request that nothing speaks against.
pub const GIVEN: u16 = 200;
const UNAUTHORIZED: u16 = 401;
const FORBIDDEN: u16 = 403;
const NOT_FOUND: u16 = 404;

/// What a type means that is one only to name a handler, as in `AddType application/x-httpd-php`.
const HANDLER_TYPES: &[u8] = b"application/x-httpd-";

/// Whether httpd answers with the content of what the URL was mapped to, or lists the directory:
/// it comes from no other server, no internal redirect is still to come (mod_rewrite, mod_proxy and
/// their like leave `redirect:/...` for a file name), and no handler makes the answer.
pub fn leads_to_file(request: Request<'_>) -> bool {
    !request.is_proxied()
        && request
            .filename()
            .is_some_and(|name| name.to_bytes().starts_with(b"/"))
        && is_sent_as_it_is(request)
}

/// Whether `SetHandler` and its like leave the file to httpd's own handler.
fn is_sent_as_it_is(request: Request<'_>) -> bool {
    let content_type = request.content_type().map_or(&b""[..], CStr::to_bytes);
    // Before the handlers run, and without one that is set, the type names the handler.
    let handler = request.handler().map_or(content_type, CStr::to_bytes);
    match handler {
        // httpd's own has no name.
        b"" | b"default-handler" | b"httpd/unix-directory" => true,
        _ => is_type(handler, content_type) && !handler.starts_with(HANDLER_TYPES),
    }
}

/// Whether `handler` is this type, with or without its parameters.
fn is_type(handler: &[u8], content_type: &[u8]) -> bool {
    let rest = content_type.strip_prefix(handler);
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b';')))
}

/// A file that httpd would send.
pub struct Given<'r> {
    /// What it found
    pub info: FileInfo,
    /// Its MIME type
    pub content_type: Option<&'r CStr>,
}

impl<'r> Exchange<'r> {
    /// The file `uri`, if httpd would send it to this client, and it is the one that is meant; else the
    /// status to answer with. What `is_meant` gets is the lookup's result.
    ///
    /// The file is not looked at before: who must not have it does not learn whether there is one.
    pub fn given(
        self,
        uri: &[u8],
        is_meant: impl FnOnce(Request<'_>) -> bool,
    ) -> Result<Given<'r>, u16> {
        let lookup = SubRequest::lookup_uri(self.request, uri).ok_or(FORBIDDEN)?;
        let file = lookup.request();
        self.check(file)?;
        let info = file.file_info();
        let is_file = info.kind == FileKind::Regular && file.path_info().is_empty();
        if !(is_file && leads_to_file(file) && is_meant(file)) {
            return Err(NOT_FOUND);
        }
        let content_type = file
            .content_type()
            .map(|content_type| self.request.pool().copy_str(content_type));
        Ok(Given { info, content_type })
    }

    /// Whether this client may have the directory `uri`, which ends with a slash; else the status to
    /// answer with. What shows it (`DirectoryIndex`) does not matter.
    pub fn directory_given(self, uri: &[u8]) -> Result<(), u16> {
        let lookup = SubRequest::lookup_uri(self.request, uri).ok_or(FORBIDDEN)?;
        self.check(lookup.request())
    }

    /// A refusal of `other`, with what a client needs to know to do better.
    fn check(self, other: Request<'_>) -> Result<(), u16> {
        let status = other.status();
        let challenge = other.err_headers_out().get(c"WWW-Authenticate");
        if let Some(challenge) = challenge.filter(|_| status == UNAUTHORIZED) {
            let headers = self.request.err_headers_out();
            headers.set(c"WWW-Authenticate", challenge.to_bytes());
        }
        match status {
            GIVEN => Ok(()),
            400..=599 => Err(status),
            // A redirect leads to something else than a document: to a form, or to the file.
            _ => Err(NOT_FOUND),
        }
    }
}
