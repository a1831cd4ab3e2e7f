//! Sub-requests: what httpd would do with another URL, without doing it.

use crate::request::Request;
use apache_sys as sys;
use std::ops::Deref;

/// A looked-up request: mapped, checked for access and typed, but not answered. It ends with
/// this value.
pub struct SubRequest<'r> {
    request: Request<'r>,
}

impl<'r> SubRequest<'r> {
    /// # Safety
    /// `raw` must be null or a sub-request whose parent lives for `'r` and that nobody else ends.
    pub(crate) unsafe fn from_raw(raw: *mut sys::request_rec) -> Option<Self> {
        if raw.is_null() {
            return None;
        }
        // SAFETY: by contract live until `drop`.
        Some(Self {
            request: unsafe { Request::from_raw(raw) },
        })
    }
}

impl<'r> Request<'r> {
    /// What httpd makes of `uri` (a decoded, unescaped path), as the same client asks for it.
    pub fn lookup_uri(self, uri: &[u8]) -> Option<SubRequest<'r>> {
        let uri = self.pool().c_str(uri);
        // SAFETY: an escaped copy in the request's pool.
        let escaped = unsafe { sys::ap_os_escape_path(self.pool().as_ptr(), uri.as_ptr(), 1) };
        // SAFETY: a live request and a C string of its pool.
        let raw =
            unsafe { sys::ap_sub_req_lookup_uri(escaped, self.as_ptr(), std::ptr::null_mut()) };
        // SAFETY: just made, and only returned here.
        unsafe { SubRequest::from_raw(raw) }
    }
}

impl<'r> Deref for SubRequest<'r> {
    type Target = Request<'r>;

    fn deref(&self) -> &Request<'r> {
        &self.request
    }
}

impl Drop for SubRequest<'_> {
    fn drop(&mut self) {
        // SAFETY: made by httpd's lookup, ended once.
        unsafe { sys::ap_destroy_sub_req(self.request.as_ptr()) };
    }
}
