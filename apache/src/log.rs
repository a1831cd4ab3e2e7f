//! Lines for the error log, through httpd so that LogLevel and ErrorLogFormat apply.

use crate::module::{Definition, Module};
use crate::process::Child;
use crate::request::Request;
use crate::server::Server;
use apache_sys as sys;
use std::cell::Cell;
use std::ffi::{CString, c_int};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::time::Duration;

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
    write_line(server, index, level as c_int, text);
}

/// Lines that say why a configuration is refused: where the one who started httpd reads them, as
/// httpd's own do, or in the log of a server that goes on.
pub(crate) fn log_refusal(index: c_int, lines: &str, is_restart: bool) {
    let startup = if is_restart {
        0
    } else {
        sys::APLOG_STARTUP as c_int
    };
    for line in lines.lines() {
        let level = Level::Critical as c_int | startup;
        write_line(std::ptr::null(), index, level, line.to_owned());
    }
}

fn write_line(server: *const sys::server_rec, index: c_int, level: c_int, text: String) {
    let text = c_text(text);
    // SAFETY: the format takes exactly one string; a null server means the main error log.
    unsafe {
        sys::ap_log_error_(
            std::ptr::null(),
            0,
            index,
            level,
            0,
            server,
            c"%s".as_ptr(),
            text.as_ptr(),
        );
    }
}

/// Whether this child ends. What lines are written with goes then, perhaps before the threads do.
static ENDED: AtomicBool = AtomicBool::new(false);

/// Lines that threads are writing.
static LINES: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Those of them that are this thread's own: prefork ends a child in a signal handler, perhaps
    /// in the midst of one.
    static OWN_LINES: Cell<usize> = const { Cell::new(0) };
}

/// The life of a module in a process begins.
pub(crate) fn lines_begin() {
    ENDED.store(false, Ordering::SeqCst);
}

/// Runs `write`, unless the child ends; the end waits for it.
pub(crate) fn before_the_end(write: impl FnOnce()) {
    struct Line;
    impl Drop for Line {
        fn drop(&mut self) {
            OWN_LINES.set(OWN_LINES.get() - 1);
            LINES.fetch_sub(1, Ordering::SeqCst);
        }
    }
    OWN_LINES.set(OWN_LINES.get() + 1);
    LINES.fetch_add(1, Ordering::SeqCst);
    let _line = Line;
    if !ENDED.load(Ordering::SeqCst) {
        write();
    }
}

/// No more lines from here on, but for those of hooks; returns when none is being written. A log
/// that takes none any more, such as a pipe that nobody reads, holds up httpd's own lines as well.
pub(crate) fn end_of_lines() {
    ENDED.store(true, Ordering::SeqCst);
    while LINES.load(Ordering::SeqCst) > OWN_LINES.get() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The main server's error log, for threads of a child that serve no request. Once the child
/// ends it is silent: the server's record goes before such threads do.
///
/// Only a child has one:
///
/// ```no_run
/// # fn example<D: apache::Definition>(child: apache::Child<'_>) {
/// apache::ProcessLog::<D>::open(child);
/// # }
/// ```
///
/// ```compile_fail,E0308
/// # fn example<D: apache::Definition>(configuration: apache::Configuration<'_>) {
/// apache::ProcessLog::<D>::open(configuration);
/// # }
/// ```
pub struct ProcessLog<D: Definition> {
    server: AtomicPtr<sys::server_rec>,
    definition: PhantomData<fn() -> D>,
}

impl<D: Definition> ProcessLog<D> {
    /// The log of the main server.
    pub fn open(child: Child<'_>) -> Self {
        Self {
            server: AtomicPtr::new(child.main().as_ptr()),
            definition: PhantomData,
        }
    }

    /// Writes one line, if the level is on.
    pub fn log(&self, level: Level, text: &str) {
        before_the_end(|| {
            let server = self.server.load(Ordering::Relaxed);
            log_server(server, D::module(), level, || text.to_owned());
        });
    }
}
