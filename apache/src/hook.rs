//! Hooks: one trait per kind, one generic shim per trait.

use crate::guard::guard;
use crate::log::{Level, end_of_lines, log_line, log_refusal, log_request};
use crate::module::Definition;
use crate::pool::Pool;
use crate::process::{Child, Configuration, is_restart};
use crate::request::Request;
use crate::server::Server;
use apache_sys as sys;
use background::Point;
use std::ffi::{CStr, c_int};
use std::marker::PhantomData;

/// What a request hook decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Handled (`OK`).
    Ok,
    /// Not ours: httpd asks the next module (`DECLINED`).
    Declined,
    /// End the request with this HTTP status.
    Status(u16),
    /// End the request without an answer: a filter has given one, or cannot
    /// (`AP_FILTER_ERROR`).
    FilterError,
}

impl Outcome {
    fn code(self) -> c_int {
        match self {
            Self::Ok => sys::OK,
            Self::Declined => sys::DECLINED,
            Self::Status(status) => c_int::from(status),
            Self::FilterError => sys::AP_FILTER_ERROR,
        }
    }

    /// What a function of httpd says that failed.
    pub(crate) fn of_failure(code: c_int) -> Self {
        match u16::try_from(code) {
            Ok(status @ 100..=599) => Self::Status(status),
            _ if code == sys::AP_FILTER_ERROR => Self::FilterError,
            _ => Self::Status(500),
        }
    }
}

/// Answers a request.
pub trait Handler {
    /// Called for every request that no earlier module answered.
    fn handle(request: Request<'_>) -> Outcome;
}

/// Looks at a request right after its headers are known.
pub trait HeaderParser {
    /// `Ok` and `Declined` both let httpd go on.
    fn parse(request: Request<'_>) -> Outcome;
}

/// Checks what was configured, by the text alone: neither files nor the network. `httpd -t` runs this,
/// too, and so does each start and restart.
pub trait CheckConfig {
    /// `Err` refuses the configuration: lines that say why. On a restart they are logged, and
    /// the server goes on.
    fn check(main: Server<'_>) -> Result<(), String>;
}

/// Completes the configuration, in the parent process, before children are made. What is wrong
/// here is logged and done without: a server that has run must not end because of it.
pub trait PostConfig {
    /// Called at each start and restart.
    fn prepare(configuration: Configuration<'_>);
}

/// Prepares a child process, before it serves requests.
pub trait ChildInit {
    /// Threads, sockets and caches start here.
    fn start(child: Child<'_>);
}

/// Where among the other modules' hooks a hook runs.
#[derive(Clone, Copy)]
pub struct Order {
    position: c_int,
    before: &'static [&'static CStr],
}

impl Order {
    /// `APR_HOOK_FIRST`
    pub const FIRST: Self = Self::at(sys::APR_HOOK_FIRST);
    /// `APR_HOOK_MIDDLE`
    pub const MIDDLE: Self = Self::at(sys::APR_HOOK_MIDDLE);
    /// `APR_HOOK_REALLY_LAST`
    pub const REALLY_LAST: Self = Self::at(sys::APR_HOOK_REALLY_LAST);

    const fn at(position: c_int) -> Self {
        Self {
            position,
            before: &[],
        }
    }

    /// Runs before the named modules (source file names: `mod_setenvif.c`).
    pub const fn before(self, before: &'static [&'static CStr]) -> Self {
        Self { before, ..self }
    }
}

/// Registers hooks; handed to [`Definition::register`].
pub struct Hooks<'p, D: Definition> {
    pool: Pool<'p>,
    definition: PhantomData<fn() -> D>,
}

macro_rules! register {
    ($self:ident, $order:ident, $function:ident, $shim:expr) => {{
        let (after, before) = (std::ptr::null(), $self.pool.names($order.before));
        // SAFETY: called while httpd registers hooks; the array lives in its pool.
        unsafe { sys::$function(Some($shim), after, before, $order.position) }
    }};
}

impl<'p, D: Definition> Hooks<'p, D> {
    pub(crate) fn new(pool: Pool<'p>) -> Self {
        Self {
            pool,
            definition: PhantomData,
        }
    }

    /// A content handler.
    pub fn handler<H: Handler>(&self, order: Order) {
        register!(self, order, ap_hook_handler, handler::<D, H>);
    }

    /// A header parser; runs for main requests only.
    pub fn header_parser<H: HeaderParser>(&self, order: Order) {
        register!(self, order, ap_hook_header_parser, header_parser::<D, H>);
    }

    /// A check of the configuration.
    pub fn check_config<H: CheckConfig>(&self, order: Order) {
        register!(self, order, ap_hook_check_config, check_config::<D, H>);
    }

    /// What completes the configuration.
    pub fn post_config<H: PostConfig>(&self, order: Order) {
        register!(self, order, ap_hook_post_config, post_config::<D, H>);
    }

    /// The start of a child.
    pub fn child_init<H: ChildInit>(&self, order: Order) {
        register!(self, order, ap_hook_child_init, child_init::<D, H>);
    }
}

impl<D: Definition> Hooks<'_, D> {
    /// Has the configuration records checked at the start.
    pub(crate) fn check_records(&self) {
        let order = Order::MIDDLE;
        register!(self, order, ap_hook_check_config, check_records::<D>);
        if background::INJECTION {
            register!(self, order, ap_hook_post_config, name_the_build::<D>);
        }
    }

    /// Stops the start.
    pub(crate) fn refuse_to_start(&self) {
        let order = Order::FIRST;
        register!(self, order, ap_hook_check_config, refuse_to_start::<D>);
    }
}

fn run_request_hook<D: Definition>(
    raw: *mut sys::request_rec,
    (point, hook): (Point, &str),
    body: impl FnOnce(Request<'_>) -> Outcome,
) -> c_int {
    // SAFETY: httpd passes a live request to its hooks and waits for the answer.
    let request = unsafe { Request::from_raw(raw) };
    // The panic was reported when the records were merged.
    if request.has_broken_config::<D>() {
        return sys::HTTP_INTERNAL_SERVER_ERROR;
    }
    match guard(point, || body(request)) {
        Ok(outcome) => outcome.code(),
        Err(panic) => {
            let text = format!("{}: panic in the {hook}: {panic}", D::module().name());
            log_request(request, D::module().index(), Level::Critical, text);
            sys::HTTP_INTERNAL_SERVER_ERROR
        }
    }
}

unsafe extern "C" fn handler<D: Definition, H: Handler>(raw: *mut sys::request_rec) -> c_int {
    run_request_hook::<D>(raw, (Point::Handler, "handler"), H::handle)
}

unsafe extern "C" fn header_parser<D: Definition, H: HeaderParser>(
    raw: *mut sys::request_rec,
) -> c_int {
    run_request_hook::<D>(raw, (Point::HeaderParser, "header parser"), H::parse)
}

unsafe extern "C" fn check_config<D: Definition, H: CheckConfig>(
    _pool: *mut sys::apr_pool_t,
    _log_pool: *mut sys::apr_pool_t,
    _temporary: *mut sys::apr_pool_t,
    server: *mut sys::server_rec,
) -> c_int {
    // SAFETY: the main server's record, live for the call.
    let main = unsafe { Server::from_raw(server) };
    match guard(Point::CheckConfig, || H::check(main)) {
        Ok(Ok(())) => sys::OK,
        Ok(Err(problem)) => refuse::<D>(&problem),
        Err(panic) => {
            let name = D::module().name();
            refuse::<D>(&format!("{name}: panic while checking: {panic}"))
        }
    }
}

/// Stops the start; a restart goes on, with what is wrong in the log.
fn refuse<D: Definition>(problem: &str) -> c_int {
    log_refusal(D::module().index(), problem, is_restart());
    if is_restart() {
        sys::OK
    } else {
        sys::HTTP_INTERNAL_SERVER_ERROR
    }
}

unsafe extern "C" fn post_config<D: Definition, H: PostConfig>(
    pool: *mut sys::apr_pool_t,
    _log_pool: *mut sys::apr_pool_t,
    _temporary: *mut sys::apr_pool_t,
    server: *mut sys::server_rec,
) -> c_int {
    if is_first_pass() {
        return sys::OK;
    }
    // SAFETY: the main server's record and the configuration pool, live until the next restart.
    let configuration = unsafe { Configuration::from_raw(server, pool) };
    let Err(panic) = guard(Point::PostConfig, || H::prepare(configuration)) else {
        return sys::OK;
    };
    let problem = format!("{}: panic at the start: {panic}", D::module().name());
    log_line(server, D::module().index(), Level::Critical, problem);
    if is_restart() {
        sys::OK
    } else {
        sys::HTTP_INTERNAL_SERVER_ERROR
    }
}

/// httpd reads its configuration twice at the start; the first pass ends before daemons, logs and
/// shared memory are set up.
fn is_first_pass() -> bool {
    // SAFETY: a query without arguments.
    let state = unsafe { sys::ap_state_query(sys::AP_SQ_MAIN_STATE as c_int) };
    state == sys::AP_SQ_MS_CREATE_PRE_CONFIG as c_int
}

/// Stops the start if a record could not be made: what a directive said would be lost. After a
/// restart, requests that the record is for are answered by 500.
unsafe extern "C" fn check_records<D: Definition>(
    _pool: *mut sys::apr_pool_t,
    _log_pool: *mut sys::apr_pool_t,
    _temporary: *mut sys::apr_pool_t,
    server: *mut sys::server_rec,
) -> c_int {
    // SAFETY: the main server's record.
    let main = unsafe { Server::from_raw(server) };
    if main.all().any(|server| server.has_broken_config::<D>()) {
        let name = D::module().name();
        return refuse::<D>(&format!("{name}: a part of the configuration is missing"));
    }
    sys::OK
}

unsafe extern "C" fn name_the_build<D: Definition>(
    _pool: *mut sys::apr_pool_t,
    _log_pool: *mut sys::apr_pool_t,
    _temporary: *mut sys::apr_pool_t,
    server: *mut sys::server_rec,
) -> c_int {
    if !is_first_pass() {
        let points: Vec<&str> = Point::ALL.iter().map(|point| point.name()).collect();
        let (name, points) = (D::module().name(), points.join(" "));
        let text = format!("{name}: a build for tests, which panics on demand at: {points}");
        log_line(server, D::module().index(), Level::Warning, text);
    }
    sys::OK
}

unsafe extern "C" fn refuse_to_start<D: Definition>(
    _pool: *mut sys::apr_pool_t,
    _log_pool: *mut sys::apr_pool_t,
    _temporary: *mut sys::apr_pool_t,
    _server: *mut sys::server_rec,
) -> c_int {
    let name = D::module().name();
    refuse::<D>(&format!("{name}: some of its hooks are missing"))
}

unsafe extern "C" fn child_init<D: Definition, H: ChildInit>(
    pool: *mut sys::apr_pool_t,
    server: *mut sys::server_rec,
) {
    crate::process::keep_code_mapped(D::module().as_ptr().cast_const().cast());
    // SAFETY: a child, its pool and the main server's record; the code is kept.
    let child = unsafe { Child::from_raw(server, pool) };
    child.leave_pools_alone_at_exit();
    child.at_exit(end_of_lines);
    let start = || guard(Point::ChildInit, || H::start(child));
    if let Err(panic) = crate::process::without_signals(start) {
        let text = format!(
            "{}: panic while starting the child: {panic}",
            D::module().name()
        );
        log_line(server, D::module().index(), Level::Critical, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// httpd takes a filter's failure for a request that is over; as a 400 it would write a second answer.
    #[test]
    fn what_a_filter_has_answered_is_not_answered_again() {
        assert_eq!(
            Outcome::of_failure(sys::AP_FILTER_ERROR),
            Outcome::FilterError
        );
        assert_eq!(Outcome::of_failure(413), Outcome::Status(413));
        for odd in [-7, 0, 1, 99, 600, c_int::MAX, c_int::MIN] {
            assert_eq!(Outcome::of_failure(odd), Outcome::Status(500), "{odd}");
        }
    }
}
