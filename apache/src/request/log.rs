//! Lines for the error log about a request.

use crate::log::{Level, log_request};
use crate::module::Definition;
use crate::request::Request;
use apache_sys as sys;
use std::ffi::c_int;

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
