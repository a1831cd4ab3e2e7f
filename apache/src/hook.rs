//! Hooks: one trait per kind, one generic shim per trait.

use crate::guard::{fall_silent, guard};
use crate::log::{Level, log_line, log_request};
use crate::module::Definition;
use crate::pool::Pool;
use crate::request::Request;
use crate::server::Server;
use apache_sys as sys;
use panics::Point;
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
}

impl Outcome {
    fn code(self) -> c_int {
        match self {
            Self::Ok => sys::OK,
            Self::Declined => sys::DECLINED,
            Self::Status(status) => c_int::from(status),
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

/// Checks and completes the configuration, in the parent process.
pub trait PostConfig {
    /// `Err` stops the start with the text in the error log.
    fn check(main: Server<'_>, pool: Pool<'_>) -> Result<(), String>;
}

/// Prepares a child process, before it serves requests.
pub trait ChildInit {
    /// Threads, sockets and caches start here.
    fn start(main: Server<'_>, pool: Pool<'_>);
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

    /// A check of the finished configuration.
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
        register!(self, order, ap_hook_post_config, check_records::<D>);
    }

    /// Stops the start.
    pub(crate) fn refuse_to_start(&self) {
        let order = Order::FIRST;
        register!(self, order, ap_hook_post_config, refuse_to_start);
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

unsafe extern "C" fn post_config<D: Definition, H: PostConfig>(
    pool: *mut sys::apr_pool_t,
    _log_pool: *mut sys::apr_pool_t,
    _temporary: *mut sys::apr_pool_t,
    server: *mut sys::server_rec,
) -> c_int {
    if is_first_pass() {
        return sys::OK;
    }
    // SAFETY: the configuration pool, live until the next restart.
    let pool = unsafe { Pool::from_raw(pool) };
    // SAFETY: the main server's record, in that pool.
    let main = unsafe { Server::from_raw(server) };
    let problem = match guard(Point::PostConfig, || H::check(main, pool)) {
        Ok(Ok(())) => return sys::OK,
        Ok(Err(problem)) => problem,
        Err(panic) => format!("{}: panic while checking: {panic}", D::module().name()),
    };
    log_line(server, D::module().index(), Level::Critical, problem);
    sys::HTTP_INTERNAL_SERVER_ERROR
}

/// httpd reads its configuration twice at the start; the first pass ends before daemons, logs and
/// shared memory are set up.
fn is_first_pass() -> bool {
    // SAFETY: a query without arguments.
    let state = unsafe { sys::ap_state_query(sys::AP_SQ_MAIN_STATE as c_int) };
    state == sys::AP_SQ_MS_CREATE_PRE_CONFIG as c_int
}

/// Stops the start if a record could not be made: what a directive said would be lost.
unsafe extern "C" fn check_records<D: Definition>(
    _pool: *mut sys::apr_pool_t,
    _log_pool: *mut sys::apr_pool_t,
    _temporary: *mut sys::apr_pool_t,
    server: *mut sys::server_rec,
) -> c_int {
    if is_first_pass() {
        return sys::OK;
    }
    let name = D::module().name();
    if panics::INJECTION {
        let points: Vec<&str> = Point::ALL.iter().map(|point| point.name()).collect();
        let points = points.join(" ");
        let text = format!("{name}: a build for tests, which panics on demand at: {points}");
        log_line(server, D::module().index(), Level::Warning, text);
    }
    // SAFETY: the main server's record.
    let main = unsafe { Server::from_raw(server) };
    if main.all().any(|server| server.has_broken_config::<D>()) {
        let text = format!("{name}: a part of the configuration is missing");
        log_line(server, D::module().index(), Level::Critical, text);
        return sys::HTTP_INTERNAL_SERVER_ERROR;
    }
    sys::OK
}

unsafe extern "C" fn refuse_to_start(
    _pool: *mut sys::apr_pool_t,
    _log_pool: *mut sys::apr_pool_t,
    _temporary: *mut sys::apr_pool_t,
    _server: *mut sys::server_rec,
) -> c_int {
    sys::HTTP_INTERNAL_SERVER_ERROR
}

unsafe extern "C" fn child_init<D: Definition, H: ChildInit>(
    pool: *mut sys::apr_pool_t,
    server: *mut sys::server_rec,
) {
    crate::process::keep_code_mapped(D::module().as_ptr().cast_const().cast());
    // SAFETY: the child's pool.
    let pool = unsafe { Pool::from_raw(pool) };
    // SAFETY: the main server's record.
    let main = unsafe { Server::from_raw(server) };
    crate::process::on_child_exit(pool, fall_silent);
    let start = || guard(Point::ChildInit, || H::start(main, pool));
    if let Err(panic) = crate::process::without_signals(start) {
        let text = format!(
            "{}: panic while starting the child: {panic}",
            D::module().name()
        );
        log_line(server, D::module().index(), Level::Critical, text);
    }
}
