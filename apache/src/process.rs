//! The process a module runs in, and the stages of its life.

use crate::pool::{Pool, c_str};
use crate::server::Server;
use apache_sys as sys;
use std::ffi::{CStr, c_int, c_void};

/// The configuration after it was read, in the parent process: what a hook of the start gets.
#[derive(Clone, Copy)]
pub struct Configuration<'c> {
    main: Server<'c>,
    pool: Pool<'c>,
}

impl<'c> Configuration<'c> {
    /// # Safety
    /// `server` and `pool` must be those of a configuration that lives for `'c`.
    pub(crate) unsafe fn from_raw(
        server: *mut sys::server_rec,
        pool: *mut sys::apr_pool_t,
    ) -> Self {
        Self {
            // SAFETY: by contract.
            main: unsafe { Server::from_raw(server) },
            // SAFETY: by contract.
            pool: unsafe { Pool::from_raw(pool) },
        }
    }

    /// The main server.
    pub fn main(self) -> Server<'c> {
        self.main
    }

    /// The pool that lives as long as the configuration.
    pub fn pool(self) -> Pool<'c> {
        self.pool
    }

    /// How many children there can be at a time (`ServerLimit`).
    pub fn most_children(self) -> usize {
        ask_mpm(sys::AP_MPMQ_HARD_LIMIT_DAEMONS)
    }

    /// Adds `name/version` to the server's signature (`ServerTokens Full`).
    ///
    /// ```no_run
    /// # fn example(configuration: apache::Configuration<'_>) {
    /// configuration.add_version_component(c"mod_example/1.0");
    /// # }
    /// ```
    ///
    /// The text must live as long as the configuration, so no other pool will do:
    ///
    /// ```compile_fail,E0599
    /// # fn example(request: apache::Request<'_>) {
    /// request.pool().add_version_component(c"mod_example/1.0");
    /// # }
    /// ```
    pub fn add_version_component(self, component: &CStr) {
        // SAFETY: the configuration's pool, which the signature is made in anew at each start;
        // httpd copies the text into it.
        unsafe { sys::ap_add_version_component(self.pool.as_ptr(), component.as_ptr()) };
    }
}

/// A number of the MPM, at least 1.
fn ask_mpm(question: c_int) -> usize {
    let mut answer: c_int = 0;
    // SAFETY: a query that writes one integer.
    let status = unsafe { sys::ap_mpm_query(question, &mut answer) };
    let number = if status == 0 { answer } else { 1 };
    usize::try_from(number).unwrap_or(1).max(1)
}

/// A child process that begins: what [`ChildInit`](crate::ChildInit) gets.
///
/// Only a child starts threads, handles signals and maps files: its code stays mapped until it
/// ends, where the parent's is unloaded at each restart.
#[derive(Clone, Copy)]
pub struct Child<'c> {
    main: Server<'c>,
    pool: Pool<'c>,
}

impl<'c> Child<'c> {
    /// # Safety
    /// To be called in a child whose code stays mapped, with the main server and the pool of
    /// that child, both of which live for `'c`.
    pub(crate) unsafe fn from_raw(
        server: *mut sys::server_rec,
        pool: *mut sys::apr_pool_t,
    ) -> Self {
        Self {
            // SAFETY: by contract.
            main: unsafe { Server::from_raw(server) },
            // SAFETY: by contract.
            pool: unsafe { Pool::from_raw(pool) },
        }
    }

    /// The main server.
    pub fn main(self) -> Server<'c> {
        self.main
    }

    /// How many children there are at most, those that are about to end apart.
    pub fn siblings(self) -> usize {
        ask_mpm(sys::AP_MPMQ_MAX_DAEMONS)
    }

    /// Stops what the child keeps running, with `stop`, when the child ends.
    ///
    /// A prefork child ends in its signal handler, in the midst of whatever its one thread was
    /// doing: a lock that `stop` needs may be held below it on the stack. There nothing is
    /// stopped; `kept` is never dropped, and the end of the process is the end of its threads.
    pub fn stop_at_exit<T: Send + 'static>(self, kept: T, stop: fn(&T)) {
        if mpm_is_threaded() {
            self.pool.before_clearing(move || stop(&kept));
        } else {
            std::mem::forget(kept);
        }
    }

    /// Keeps what pools own from being dropped once the child ends, where that would happen in a
    /// signal handler: `free` itself takes locks.
    pub(crate) fn leave_pools_alone_at_exit(self) {
        if !mpm_is_threaded() {
            self.at_exit(crate::pool::stop_dropping);
        }
    }

    /// Runs `end` first of all when the child ends.
    pub(crate) fn at_exit(self, end: impl FnOnce() + Send + 'static) {
        self.pool.before_clearing(end);
    }
}

/// Whether children of this server run several threads (event, worker; not prefork).
fn mpm_is_threaded() -> bool {
    let mut answer: c_int = 0;
    // SAFETY: a query that writes one integer.
    let status = unsafe { sys::ap_mpm_query(sys::AP_MPMQ_IS_THREADED as c_int, &mut answer) };
    status == 0 && answer != 0
}

/// Whether the configuration is read anew by a server that has run before. Whatever is wrong
/// then, a server that goes on is better than none.
pub(crate) fn is_restart() -> bool {
    // SAFETY: a query without arguments. The look before the start counts as 0, the start as 1.
    unsafe { sys::ap_state_query(sys::AP_SQ_CONFIG_GEN as c_int) > 1 }
}

/// How many threads of a child answer requests; 1 if it has but one (prefork).
pub fn threads_per_child() -> usize {
    ask_mpm(sys::AP_MPMQ_MAX_THREADS)
}

/// Whether a module of this name (its source file's, such as `mod_mime.c`) is loaded.
pub fn is_loaded(module: &CStr) -> bool {
    // SAFETY: a C string.
    !unsafe { sys::ap_find_linked_module(module.as_ptr()) }.is_null()
}
/// `file` relative to ServerRoot.
pub fn server_root_relative<'p>(pool: Pool<'p>, file: &CStr) -> Option<&'p CStr> {
    // SAFETY: a live pool and a C string.
    let path = unsafe { sys::ap_server_root_relative(pool.as_ptr(), file.as_ptr()) };
    // SAFETY: null or a string in that pool.
    unsafe { c_str(path) }
}

/// `file` relative to DefaultRuntimeDir, which is for what need not survive a reboot.
pub fn runtime_dir_relative<'p>(pool: Pool<'p>, file: &CStr) -> Option<&'p CStr> {
    // SAFETY: a live pool and a C string.
    let path = unsafe { sys::ap_runtime_dir_relative(pool.as_ptr(), file.as_ptr()) };
    // SAFETY: null or a string in that pool.
    unsafe { c_str(path) }
}

/// User and group id that children run as (`User`, `Group`), or `None` if the server was not
/// started by root and so cannot change them.
pub fn child_ids() -> Option<(u32, u32)> {
    // SAFETY: a query without arguments.
    if unsafe { libc::geteuid() } != 0 {
        return None;
    }
    // SAFETY: written while the configuration is read, in one thread; only read afterwards.
    let user = unsafe { sys::ap_unixd_config.user_id };
    // SAFETY: as above.
    let group = unsafe { sys::ap_unixd_config.group_id };
    Some((user, group))
}

/// What a thread raises by its own doing. Blocked, it would end the process all the same, but past
/// httpd's handler and ours: no core file where `CoreDumpDirectory` says, no
/// [survival](Child::survive_truncation) of a file that was cut.
const RAISED_BY_THREADS: [c_int; 7] = [
    libc::SIGABRT,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGSEGV,
    libc::SIGSYS,
    libc::SIGTRAP,
];

/// Runs `start` with all signals blocked that are sent to the process, so that the threads it
/// starts never take one.
///
/// A prefork child ends inside its signal handler: run by a thread of ours, it would clean up
/// after that very thread, and wait for it.
pub(crate) fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    let mut sent = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: fills the set.
    unsafe { libc::sigfillset(sent.as_mut_ptr()) };
    for signal in RAISED_BY_THREADS {
        // SAFETY: a filled set.
        unsafe { libc::sigdelset(sent.as_mut_ptr(), signal) };
    }
    // SAFETY: a filled set, and room for the one in force. It is added to that: what httpd blocks
    // stays so.
    let status =
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, sent.as_ptr(), before.as_mut_ptr()) };
    let result = start();
    if status == 0 {
        // SAFETY: filled by the call above.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
        }
    }
    result
}

/// Keeps the shared object that holds `symbol` mapped until this process ends.
///
/// At its end a child unloads the modules while threads of ours may still run (one that waits
/// for a hung database cannot be joined). Only children do this: the parent must be able to
/// load a newer file on restart.
pub(crate) fn keep_code_mapped(symbol: *const c_void) {
    let mut info = libc::Dl_info {
        dli_fname: std::ptr::null(),
        dli_fbase: std::ptr::null_mut(),
        dli_sname: std::ptr::null(),
        dli_saddr: std::ptr::null_mut(),
    };
    // SAFETY: writes to `info` only.
    let found = unsafe { libc::dladdr(symbol, &mut info) };
    if found != 0 && !info.dli_fname.is_null() {
        let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
        // SAFETY: the name of an object that is loaded; the flags only mark it. The handle
        // is kept on purpose.
        unsafe { libc::dlopen(info.dli_fname, flags) };
    }
}
