//! A request and what a module may do with it; the answer is in [`response`].

mod log;
mod response;

use crate::module::Definition;
use crate::pool::{Pool, c_str};
use crate::server::Server;
use crate::table::Table;
use apache_sys as sys;
use std::ffi::{CStr, c_int};
use std::io;
use std::marker::PhantomData;

/// A live request; `'r` is the time until httpd destroys it.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    raw: *mut sys::request_rec,
    owner: PhantomData<&'r ()>,
}

/// The methods a download site answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// HEAD: as GET, without the body
    Head,
    /// POST
    Post,
    /// any other
    Other,
}

/// Whether text behind the file's name is welcome (`AcceptPathInfo`, or what a module set).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathInfo {
    /// `On`
    Accept,
    /// `Off`
    Reject,
    /// `Default`: as the handler wants it
    Default,
}

/// What the file name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// nothing
    Missing,
    /// a regular file
    Regular,
    /// a directory
    Directory,
    /// something else
    Other,
}

impl FileKind {
    pub(crate) fn of(filetype: sys::apr_filetype_e) -> Self {
        match filetype {
            sys::apr_filetype_e_APR_NOFILE => Self::Missing,
            sys::apr_filetype_e_APR_REG => Self::Regular,
            sys::apr_filetype_e_APR_DIR => Self::Directory,
            _ => Self::Other,
        }
    }
}

/// httpd's knowledge of a file.
#[derive(Clone, Copy, Debug)]
pub struct FileInfo {
    /// What it is
    pub kind: FileKind,
    /// Bytes
    pub size: u64,
    /// Last change in seconds since 1970
    pub mtime: i64,
    /// Last change in microseconds since 1970
    pub mtime_micros: i64,
    /// `st_dev` of what the name leads to
    pub device: u64,
    /// `st_ino` of what the name leads to
    pub inode: u64,
}

/// A field of the request, copied. Fields are read one by one through the raw pointer:
/// httpd's functions change the structure while handles exist, so no reference to the whole
/// of it is ever made.
macro_rules! field {
    ($request:expr, $name:ident) => {{
        // SAFETY: a `Request` is live by construction; the field is a plain value.
        unsafe { (*$request.raw).$name }
    }};
}

impl<'r> Request<'r> {
    /// # Safety
    /// `raw` must be a live request for `'r`.
    pub(crate) unsafe fn from_raw(raw: *mut sys::request_rec) -> Self {
        Self {
            raw,
            owner: PhantomData,
        }
    }

    pub(crate) fn as_ptr(self) -> *mut sys::request_rec {
        self.raw
    }

    /// The request's pool.
    pub fn pool(self) -> Pool<'r> {
        let raw = field!(self, pool);
        // SAFETY: a live request's pool lives as long.
        unsafe { Pool::from_raw(raw) }
    }

    /// The virtual host.
    pub fn server(self) -> Server<'r> {
        let raw = field!(self, server);
        // SAFETY: servers outlive requests.
        unsafe { Server::from_raw(raw) }
    }

    /// The module's configuration for the directory, if any section has some.
    pub fn directory_config<D: Definition>(self) -> Option<&'r D::Directory> {
        // SAFETY: the vector of a live request.
        let vector = unsafe { (*self.raw).per_dir_config };
        // SAFETY: `D::Directory` is what this module keeps there.
        unsafe { D::module().record(vector) }
    }

    /// Whether a record of the module that applies here could not be made.
    pub(crate) fn has_broken_config<D: Definition>(self) -> bool {
        // SAFETY: the vector of a live request.
        let vector = unsafe { (*self.raw).per_dir_config };
        // SAFETY: as in `directory_config`.
        unsafe { D::module().is_broken::<D::Directory>(vector) }
    }

    /// The module's configuration of the virtual host.
    pub fn server_config<D: Definition>(self) -> Option<&'r D::Server> {
        self.server().config::<D>()
    }

    /// Whether any section or `.htaccess` that applies here has a directive of `module`.
    ///
    /// httpd keeps the server-wide record of a module as it is until a section has one to merge
    /// with it, so the same record means that no section has.
    pub fn is_configured_in_section(self, module: &CStr) -> bool {
        // SAFETY: a C string; the answer is null or a registered module.
        let module = unsafe { sys::ap_find_linked_module(module.as_ptr()) };
        if module.is_null() {
            return false;
        }
        // SAFETY: a live request.
        let here = unsafe { (*self.as_ptr()).per_dir_config };
        // SAFETY: the live server of a live request.
        let everywhere = unsafe { (*self.server().as_ptr()).lookup_defaults };
        // SAFETY: a live vector and a registered module.
        let here = unsafe { sys::ap_get_module_config(here, module) };
        // SAFETY: as above.
        let everywhere = unsafe { sys::ap_get_module_config(everywhere, module) };
        here != everywhere
    }

    /// The method.
    pub fn method(self) -> Method {
        let (number, head) = (field!(self, method_number), field!(self, header_only));
        match number {
            sys::M_GET if head != 0 => Method::Head,
            sys::M_GET => Method::Get,
            sys::M_POST => Method::Post,
            _ => Method::Other,
        }
    }

    /// The path of the URL, decoded.
    pub fn uri(self) -> &'r [u8] {
        let raw = field!(self, uri);
        // SAFETY: a string of the request, or null.
        unsafe { c_str(raw) }.unwrap_or(c"").to_bytes()
    }

    /// The path and the query as the client sent them: not decoded, and with each slash.
    pub fn unparsed_uri(self) -> &'r [u8] {
        let raw = field!(self, unparsed_uri);
        // SAFETY: a string of the request, or null.
        unsafe { c_str(raw) }.unwrap_or(c"").to_bytes()
    }

    /// Replaces the path, as logs show it (`%U`).
    pub fn set_uri(self, uri: &[u8]) {
        let uri = self.pool().copy_raw(uri);
        // SAFETY: a live request; the copy lives in its pool.
        unsafe { (*self.raw).uri = uri };
    }

    /// The file name the URL was mapped to.
    pub fn filename(self) -> Option<&'r CStr> {
        let raw = field!(self, filename);
        // SAFETY: a string of the request, or null.
        unsafe { c_str(raw) }
    }

    /// What httpd found under the file name.
    pub fn file_info(self) -> FileInfo {
        let finfo = field!(self, finfo);
        FileInfo {
            kind: FileKind::of(finfo.filetype),
            size: u64::try_from(finfo.size).unwrap_or(0),
            mtime: finfo.mtime.div_euclid(1_000_000),
            mtime_micros: finfo.mtime,
            device: finfo.device,
            inode: finfo.inode,
        }
    }

    /// What stands behind the file's name in the URL.
    pub fn path_info(self) -> &'r [u8] {
        let raw = field!(self, path_info);
        // SAFETY: a string of the request, or null.
        unsafe { c_str(raw) }.unwrap_or(c"").to_bytes()
    }

    /// Whether such text is accepted.
    pub fn accepts_path_info(self) -> PathInfo {
        match field!(self, used_path_info) {
            n if n == sys::AP_REQ_ACCEPT_PATH_INFO as c_int => PathInfo::Accept,
            n if n == sys::AP_REQ_REJECT_PATH_INFO as c_int => PathInfo::Reject,
            _ => PathInfo::Default,
        }
    }

    /// The query string, without `?`.
    pub fn args(self) -> Option<&'r [u8]> {
        let raw = field!(self, args);
        // SAFETY: a string of the request, or null.
        unsafe { c_str(raw) }.map(CStr::to_bytes)
    }

    /// The MIME type that other modules found for the file.
    pub fn content_type(self) -> Option<&'r CStr> {
        let raw = field!(self, content_type);
        // SAFETY: a string of the request, or null.
        unsafe { c_str(raw) }
    }

    /// When the request came, in seconds since 1970.
    pub fn time(self) -> i64 {
        field!(self, request_time).div_euclid(1_000_000)
    }

    /// The client's address as mod_remoteip left it.
    pub fn useragent_ip(self) -> Option<&'r CStr> {
        let raw = field!(self, useragent_ip);
        // SAFETY: a string of the request or connection, or null.
        unsafe { c_str(raw) }
    }

    /// Whether the answer comes from elsewhere (`ProxyPass`, `RewriteRule ... [P]`, forward proxies).
    pub fn is_proxied(self) -> bool {
        field!(self, proxyreq) != sys::PROXYREQ_NONE
    }

    /// The request that the client sent, if an internal redirect led from it to this one.
    pub fn redirected_from(self) -> Option<Self> {
        let mut first = self;
        loop {
            let previous = field!(first, prev);
            if previous.is_null() {
                return (first.raw != self.raw).then_some(first);
            }
            // SAFETY: what led to a request lives as long.
            first = unsafe { Self::from_raw(previous) };
        }
    }

    /// Whether another request includes the answer to this one (SSI, headers of listings).
    pub fn is_subrequest(self) -> bool {
        !field!(self, main).is_null()
    }

    /// Headers the client sent.
    pub fn headers_in(self) -> Table<'r> {
        let raw = field!(self, headers_in);
        // SAFETY: a live request's table.
        unsafe { Table::from_raw(raw, self.pool()) }
    }

    /// Headers of a successful answer.
    pub fn headers_out(self) -> Table<'r> {
        let raw = field!(self, headers_out);
        // SAFETY: a live request's table.
        unsafe { Table::from_raw(raw, self.pool()) }
    }

    /// Headers of every answer, errors and redirects included.
    pub fn err_headers_out(self) -> Table<'r> {
        let raw = field!(self, err_headers_out);
        // SAFETY: a live request's table.
        unsafe { Table::from_raw(raw, self.pool()) }
    }

    /// Environment variables: `SetEnvIf`, logs (`%{X}e`), other modules.
    pub fn env(self) -> Table<'r> {
        let raw = field!(self, subprocess_env);
        // SAFETY: a live request's table.
        unsafe { Table::from_raw(raw, self.pool()) }
    }

    /// Sets `Content-Type`.
    pub fn set_content_type(self, content_type: &[u8]) {
        let content_type = self.pool().copy_raw(content_type);
        // SAFETY: httpd stores the pointer; the copy lives as long as the request.
        unsafe { sys::ap_set_content_type(self.raw, content_type) };
    }

    /// Announces the body's length in bytes.
    pub fn set_content_length(self, length: u64) {
        let length = sys::apr_off_t::try_from(length).unwrap_or(sys::apr_off_t::MAX);
        // SAFETY: a live request.
        unsafe { sys::ap_set_content_length(self.raw, length) };
    }

    /// Sends a part of the body. httpd leaves it out for HEAD.
    pub fn write(self, bytes: &[u8]) -> io::Result<()> {
        for part in bytes.chunks(1 << 30) {
            let length = c_int::try_from(part.len()).unwrap_or(c_int::MAX);
            // SAFETY: `length` bytes are readable.
            if unsafe { sys::ap_rwrite(part.as_ptr().cast(), length, self.raw) } < 0 {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        }
        Ok(())
    }

    /// Ends the connection (in HTTP/2: the stream) without the rest of the body, so that nobody takes
    /// what was sent for all of it: it is shorter than announced.
    pub fn break_off(self) {
        let connection = field!(self, connection);
        // SAFETY: a request has a live connection, which only this thread works on.
        unsafe { sys::httpd_shim_abort(connection) };
    }

    /// `http` or `https`, as httpd sees it (`ServerName https://...` counts).
    pub fn scheme(self) -> &'r str {
        // SAFETY: a live request.
        let scheme = unsafe { sys::ap_run_http_scheme(self.raw) };
        // SAFETY: a constant or a string of the configuration.
        unsafe { c_str(scheme) }
            .and_then(|scheme| scheme.to_str().ok())
            .unwrap_or("http")
    }

    /// The port for self-referring URLs (`UseCanonicalName`, `UseCanonicalPhysicalPort`), or
    /// `None` if it is the default one. With `UseCanonicalName Off` httpd repeats whatever port
    /// the client claims; here that counts only if the configuration names none and the
    /// connection came in at it.
    pub fn explicit_port(self) -> Option<u16> {
        let claimed = self.server_port();
        let own = self.server_port_unclaimed();
        let unnamed = self.server().port() == 0;
        let port = if unnamed && Some(claimed) == self.local_port() {
            claimed
        } else {
            own
        };
        // SAFETY: a live request.
        let default = unsafe { sys::ap_run_default_port(self.raw) };
        let known = if self.scheme() == "https" { 443 } else { 80 };
        (port != default && port != known).then_some(port)
    }

    fn server_port(self) -> u16 {
        // SAFETY: a live request.
        unsafe { sys::ap_get_server_port(self.raw) }
    }

    /// The port that httpd would take if the client had sent none.
    fn server_port_unclaimed(self) -> u16 {
        let claimed = field!(self, parsed_uri).port_str;
        // SAFETY: a live request, which only this thread works on.
        unsafe { (*self.raw).parsed_uri.port_str = std::ptr::null_mut() };
        let port = self.server_port();
        // SAFETY: as above; other modules see what they saw before.
        unsafe { (*self.raw).parsed_uri.port_str = claimed };
        port
    }

    /// The port that the connection came in at.
    fn local_port(self) -> Option<u16> {
        let connection = field!(self, connection);
        // SAFETY: a request has a live connection.
        let address = unsafe { (*connection).local_addr };
        // SAFETY: null or the address of that connection.
        unsafe { address.as_ref() }.map(|address| address.port)
    }

    /// The host for self-referring URLs, IPv6 addresses in brackets. A name that the client
    /// sent counts only if it is this server's; otherwise it is `ServerName`.
    pub fn self_host(self) -> &'r CStr {
        // SAFETY: a live request.
        let name = unsafe { sys::ap_get_server_name(self.raw) };
        // SAFETY: a string of the request or the configuration.
        let name = unsafe { c_str(name) }.unwrap_or(c"");
        let raw = field!(self, hostname);
        // SAFETY: a string of the request, or null.
        let sent = unsafe { c_str(raw) };
        let name = match sent {
            Some(sent) if sent == name && !self.server().is_called(sent) => self.server().name(),
            _ => name,
        };
        if name.to_bytes().contains(&b':') {
            return self
                .pool()
                .copy_bytes(&[b"[", name.to_bytes(), b"]"].concat());
        }
        name
    }

    /// `DocumentRoot` of the request (`VirtualDocumentRoot` and the like included).
    pub fn document_root(self) -> Option<&'r CStr> {
        // SAFETY: a live request.
        let root = unsafe { sys::ap_document_root(self.raw) };
        // SAFETY: null or a string that outlives the request.
        unsafe { c_str(root) }
    }
}
