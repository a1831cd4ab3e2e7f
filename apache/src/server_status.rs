//! A part of mod_status' page.

use crate::guard::guard;
use crate::hook::Hooks;
use crate::log::{Level, log_request};
use crate::module::Definition;
use crate::request::Request;
use apache_sys as sys;
use background::Point;
use std::ffi::{CStr, c_int};
use std::ptr;

/// The name of mod_status' hook.
const NAME: &CStr = c"status_hook";

/// mod_status calls this with each request for its page.
type Show = unsafe extern "C" fn(request: *mut sys::request_rec, flags: c_int) -> c_int;

/// Adds to the page of mod_status.
pub trait ServerStatus {
    /// The part: HTML, or where `short` is true (`?auto`) lines of a name, a colon and a number.
    /// None without anything to show.
    fn show(request: Request<'_>, short: bool) -> Option<String>;
}

unsafe extern "C" fn show<D: Definition, S: ServerStatus>(
    raw: *mut sys::request_rec,
    flags: c_int,
) -> c_int {
    // SAFETY: mod_status passes the live request that it answers.
    let request = unsafe { Request::from_raw(raw) };
    let short = flags & sys::macros::STATUS_SHORT != 0;
    match guard(Point::Status, || S::show(request, short)) {
        Ok(Some(part)) => {
            // If the client has gone, mod_status will find out.
            let _ = request.write(part.as_bytes());
        }
        Ok(None) => {}
        Err(panic) => {
            let text = format!("{}: panic in the status: {panic}", D::module().name());
            log_request(request, D::module().index(), Level::Critical, text);
        }
    }
    sys::OK
}

impl<D: Definition> Hooks<'_, D> {
    /// A part of mod_status' page, if that is loaded.
    pub fn server_status<S: ServerStatus>(&self) {
        let function: Show = show::<D, S>;
        // SAFETY: both are C function pointers; mod_status knows the real type by the name.
        let function = unsafe { std::mem::transmute::<Show, unsafe extern "C" fn()>(function) };
        let (name, none) = (NAME.as_ptr(), ptr::null());
        // SAFETY: while hooks are registered; the name is static.
        unsafe {
            sys::apr_optional_hook_add(name, Some(function), none, none, sys::APR_HOOK_MIDDLE);
        }
    }
}
