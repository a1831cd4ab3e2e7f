//! Lines for the error log, through httpd so that LogLevel and ErrorLogFormat apply.

use crate::module::{Definition, Module};
use crate::pool::Pool;
use crate::process::on_child_exit;
use crate::request::Request;
use crate::server::Server;
use apache_sys as sys;
use std::ffi::{CString, c_int};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

/// httpd's log levels, as in the `LogLevel` directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `crit`
    Critical = sys::APLOG_CRIT as isize,
    /// `error`
    Error = sys::APLOG_ERR as isize,
    /// `warn`
    Warning = sys::APLOG_WARNING as isize,
    /// `notice`
    Notice = sys::APLOG_NOTICE as isize,
    /// `info`
    Info = sys::APLOG_INFO as isize,
    /// `debug`
    Debug = sys::APLOG_DEBUG as isize,
}

/// httpd reads a C string up to the first NUL; text with one inside is cut there by us.
fn c_text(text: String) -> CString {
    let mut bytes = text.into_bytes();
    if let Some(end) = bytes.iter().position(|&b| b == 0) {
        bytes.truncate(end);
    }
    CString::new(bytes).unwrap_or_default()
}

impl<'r> Request<'r> {
    /// Whether a line of this level would be written.
    pub fn logs<D: Definition>(self, level: Level) -> bool {
        let index = D::module().index();
        // SAFETY: `self` is a live request; the index is the one httpd gave this module.
        let limit = unsafe { sys::ap_get_request_module_loglevel(self.as_ptr(), index) };
        limit >= level as c_int
    }

    /// Writes one line, if the level is on. `text` is only called then.
    pub fn log<D: Definition>(self, level: Level, text: impl FnOnce() -> String) {
        if self.logs::<D>(level) {
            log_request(self, D::module().index(), level, text());
        }
    }
}

pub(crate) fn log_request(request: Request<'_>, index: c_int, level: Level, text: String) {
    let text = c_text(text);
    // SAFETY: the format takes exactly one string; the request is live.
    unsafe {
        sys::ap_log_rerror_(
            std::ptr::null(),
            0,
            index,
            level as c_int,
            0,
            request.as_ptr(),
            c"%s".as_ptr(),
            text.as_ptr(),
        );
    }
}

impl Server<'_> {
    /// Writes one line to this server's error log, if the level is on.
    pub fn log<D: Definition>(self, level: Level, text: impl FnOnce() -> String) {
        log_server(self.as_ptr(), D::module(), level, text);
    }
}

fn log_server<D: Definition>(
    server: *const sys::server_rec,
    module: &Module<D>,
    level: Level,
    text: impl FnOnce() -> String,
) {
    if !server.is_null() {
        // SAFETY: a server record lives as long as the configuration, longer than any caller.
        let limit = unsafe { sys::ap_get_server_module_loglevel(server, module.index()) };
        // httpd writes notices about the server whatever LogLevel says; so do we.
        if level != Level::Notice && limit < level as c_int {
            return;
        }
    }
    log_line(server, module.index(), level, text());
}

pub(crate) fn log_line(server: *const sys::server_rec, index: c_int, level: Level, text: String) {
    let text = c_text(text);
    // SAFETY: the format takes exactly one string; a null server means the main error log.
    unsafe {
        sys::ap_log_error_(
            std::ptr::null(),
            0,
            index,
            level as c_int,
            0,
            server,
            c"%s".as_ptr(),
            text.as_ptr(),
        );
    }
}

/// The main server's error log, for threads of a child that serve no request. Once the child
/// ends it is silent: the server's record goes before such threads do.
pub struct ProcessLog<D: Definition> {
    /// Null after the end.
    server: Arc<AtomicPtr<sys::server_rec>>,
    definition: PhantomData<fn() -> D>,
}

impl<D: Definition> ProcessLog<D> {
    /// The log of `server`, to be opened in `child_init`, whose pool ends with the child.
    pub fn open(server: Server<'_>, pool: Pool<'_>) -> Self {
        let server = Arc::new(AtomicPtr::new(server.as_ptr()));
        let last = Arc::clone(&server);
        on_child_exit(pool, move || {
            last.store(std::ptr::null_mut(), Ordering::Relaxed);
        });
        Self {
            server,
            definition: PhantomData,
        }
    }

    /// Writes one line, if the level is on.
    pub fn log(&self, level: Level, text: &str) {
        let server = self.server.load(Ordering::Relaxed);
        if !server.is_null() {
            log_server(server, D::module(), level, || text.to_owned());
        }
    }
}
