//! The answer: what modules say of it, and what is read to make it.

use crate::hook::Outcome;
use crate::pool::c_str;
use crate::request::Request;
use apache_sys as sys;
use std::ffi::{CStr, c_int};

impl<'r> Request<'r> {
    /// The handler that the configuration chose.
    pub fn handler(self) -> Option<&'r CStr> {
        // SAFETY: a live request.
        let raw = unsafe { (*self.as_ptr()).handler };
        // SAFETY: a string of the request or the configuration, or null.
        unsafe { c_str(raw) }
    }

    /// Says in `Allow` that these methods are possible here.
    pub fn allow(self, methods: &[&CStr]) {
        // SAFETY: a live request.
        let list = unsafe { (*self.as_ptr()).allowed_methods };
        for method in methods {
            // SAFETY: the list of a live request and a C string; httpd copies the name.
            unsafe { sys::ap_method_list_add(list, method.as_ptr()) };
        }
    }

    /// Says in `Allow` that GET is possible here.
    pub fn allow_get(self) {
        // SAFETY: a live request; one bit per method number.
        unsafe { (*self.as_ptr()).allowed |= 1 << sys::M_GET };
    }

    /// Whether `Options Indexes` is on.
    pub fn may_index(self) -> bool {
        // SAFETY: a live request.
        let options = unsafe { sys::ap_allow_options(self.as_ptr()) };
        options & (sys::OPT_INDEXES as c_int) != 0
    }

    /// Reads and drops the request's body; how the request ends if that went wrong.
    pub fn discard_body(self) -> Result<(), Outcome> {
        // SAFETY: a live request.
        match unsafe { sys::ap_discard_request_body(self.as_ptr()) } {
            sys::OK => Ok(()),
            code => Err(Outcome::of_failure(code)),
        }
    }

    /// Replaces the file name the URL was mapped to.
    pub fn set_filename(self, name: &[u8]) {
        let name = self.pool().copy_raw(name);
        // SAFETY: a live request; the copy lives in its pool.
        unsafe { (*self.as_ptr()).filename = name };
    }

    /// Sets `Last-Modified` and `ETag` from what httpd found under the file name.
    pub fn set_validators_from_file(self) {
        // SAFETY: a live request; the field is a plain value.
        let mtime = unsafe { (*self.as_ptr()).finfo.mtime };
        // SAFETY: a live request.
        unsafe { sys::ap_update_mtime(self.as_ptr(), mtime) };
        // SAFETY: a live request.
        unsafe { sys::ap_set_last_modified(self.as_ptr()) };
        // SAFETY: a live request.
        unsafe { sys::ap_set_etag(self.as_ptr()) };
    }

    /// The line that `ServerSignature` asks for; empty if it is Off.
    pub fn signature(self) -> &'r [u8] {
        // SAFETY: a live request and a C string.
        let raw = unsafe { sys::ap_psignature(c"".as_ptr(), self.as_ptr()) };
        // SAFETY: a string of the request, or a constant.
        unsafe { c_str(raw) }.unwrap_or(c"").to_bytes()
    }

    /// What modules tell each other about the request.
    pub fn notes(self) -> crate::table::Table<'r> {
        // SAFETY: a live request.
        let raw = unsafe { (*self.as_ptr()).notes };
        // SAFETY: a live request's table.
        unsafe { crate::table::Table::from_raw(raw, self.pool()) }
    }

    /// Gives this request the query string of `other`.
    pub fn take_args(self, other: Request<'_>) {
        let args = other.args().map(|args| self.pool().copy_raw(args));
        let raw = args.unwrap_or(std::ptr::null_mut());
        // SAFETY: a live request; the copy lives in its pool.
        unsafe { (*self.as_ptr()).args = raw };
    }

    /// The status that httpd found, 200 if there is nothing against the request.
    pub fn status(self) -> u16 {
        // SAFETY: a live request.
        let status = unsafe { (*self.as_ptr()).status };
        u16::try_from(status).unwrap_or(0)
    }

    /// The content encoding that other modules found for the file.
    pub fn content_encoding(self) -> Option<&'r CStr> {
        // SAFETY: a live request.
        let raw = unsafe { (*self.as_ptr()).content_encoding };
        // SAFETY: a string of the request, or null.
        unsafe { c_str(raw) }
    }

    /// Whether both requests came to the very same merged directory configuration.
    pub fn same_directory_config(self, other: Request<'_>) -> bool {
        // SAFETY: a live request.
        let ours = unsafe { (*self.as_ptr()).per_dir_config };
        // SAFETY: a live request.
        let theirs = unsafe { (*other.as_ptr()).per_dir_config };
        ours == theirs
    }

    /// As in `HTTP/1.1`.
    pub(crate) fn protocol(self) -> &'r [u8] {
        // SAFETY: a live request.
        let raw = unsafe { (*self.as_ptr()).protocol };
        // SAFETY: a string of the request, or null.
        unsafe { c_str(raw) }.unwrap_or(c"").to_bytes()
    }
}
