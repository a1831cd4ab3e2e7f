//! The process a module runs in.

use crate::pool::{Pool, c_str};
use apache_sys as sys;
use std::ffi::{CStr, c_int, c_void};

/// Whether children of this server run several threads (event, worker; not prefork).
fn mpm_is_threaded() -> bool {
    let mut answer: c_int = 0;
    // SAFETY: a query that writes one integer.
    let status = unsafe { sys::ap_mpm_query(sys::AP_MPMQ_IS_THREADED as c_int, &mut answer) };
    status == 0 && answer != 0
}

/// Stops what a child keeps running, with `stop`, when the child ends.
///
/// A prefork child ends in its signal handler, in the midst of whatever its one thread was
/// doing: a lock that `stop` needs may be held below it on the stack. There nothing is stopped;
/// `kept` is never dropped, and the end of the process is the end of its threads.
pub fn stop_on_child_exit<T: Send + 'static>(pool: Pool<'_>, kept: T, stop: fn(&T)) {
    if mpm_is_threaded() {
        on_child_exit(pool, move || stop(&kept));
    } else {
        std::mem::forget(kept);
    }
}

/// Adds `name/version` to the server's signature (`ServerTokens Full`); for `post_config`.
pub fn add_version_component(pool: Pool<'_>, component: &CStr) {
    // SAFETY: the configuration pool; httpd copies the text into it.
    unsafe { sys::ap_add_version_component(pool.as_ptr(), component.as_ptr()) };
}

/// Whether a module of this name (its source file's, such as `mod_mime.c`) is loaded.
pub fn is_loaded(module: &CStr) -> bool {
    // SAFETY: a C string.
    !unsafe { sys::ap_find_linked_module(module.as_ptr()) }.is_null()
}

/// Runs `end` when the child's pool goes, before the process exits.
pub(crate) fn on_child_exit(pool: Pool<'_>, end: impl FnOnce() + Send + 'static) {
    struct Run<F: FnOnce()>(Option<F>);
    impl<F: FnOnce()> Drop for Run<F> {
        fn drop(&mut self) {
            if let Some(end) = self.0.take() {
                end();
            }
        }
    }
    pool.own(Run(Some(end)));
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

/// Runs `start` with all signals blocked, so that the threads it starts never take one. Except for
/// SIGBUS: it is a thread's own, and blocked it would end the process (see
/// [`survive_truncation`](crate::survive_truncation)).
///
/// A prefork child ends inside its signal handler: run by a thread of ours, it would clean up
/// after that very thread, and wait for it.
pub(crate) fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: fills the set.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: a filled set.
    unsafe { libc::sigdelset(all.as_mut_ptr(), libc::SIGBUS) };
    // SAFETY: a filled set, and room for the one in force.
    let status =
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
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
