//! APR tables: headers and environment variables. Keys compare without regard to case.

use crate::pool::{Pool, c_str};
use apache_sys as sys;
use std::ffi::CStr;
use std::marker::PhantomData;

/// A table of a request; values are copied into the request's pool.
#[derive(Clone, Copy)]
pub struct Table<'r> {
    raw: *mut sys::apr_table_t,
    pool: Pool<'r>,
    owner: PhantomData<&'r ()>,
}

impl<'r> Table<'r> {
    /// # Safety
    /// `raw` must be a live table that lives for `'r`.
    pub(crate) unsafe fn from_raw(raw: *mut sys::apr_table_t, pool: Pool<'r>) -> Self {
        Self {
            raw,
            pool,
            owner: PhantomData,
        }
    }

    /// The first value of `key`.
    pub fn get(self, key: &CStr) -> Option<&'r CStr> {
        // SAFETY: a live table.
        let value = unsafe { sys::apr_table_get(self.raw, key.as_ptr()) };
        // SAFETY: null or a string of the request.
        unsafe { c_str(value) }
    }

    /// Replaces all values of `key`; the value ends at its first NUL.
    ///
    /// The table keeps the key itself, for longer than anything that a module borrows:
    ///
    /// ```no_run
    /// # fn example(request: apache::Request<'_>) {
    /// request.headers_out().set(c"X-Example", b"value");
    /// # }
    /// ```
    ///
    /// ```compile_fail,E0597
    /// # fn example(request: apache::Request<'_>) {
    /// let key = std::ffi::CString::new("X-Example").unwrap();
    /// request.headers_out().set(&key, b"value");
    /// # }
    /// ```
    pub fn set(self, key: &'static CStr, value: &[u8]) {
        let value = self.pool.copy_raw(value);
        // SAFETY: a live table; the key is static, and the value lives as long as the request.
        unsafe { sys::apr_table_setn(self.raw, key.as_ptr(), value) };
    }

    /// As [`Table::set`], for a key that is made at run time: it is copied.
    pub fn set_named(self, key: &[u8], value: &[u8]) {
        let key = self.pool.copy_raw(key);
        let value = self.pool.copy_raw(value);
        // SAFETY: a live table; key and value live as long as the request, and so as the table.
        unsafe { sys::apr_table_setn(self.raw, key, value) };
    }

    /// As [`Table::set`], without copying.
    pub fn set_static(self, key: &'static CStr, value: &'static CStr) {
        // SAFETY: both are static.
        unsafe { sys::apr_table_setn(self.raw, key.as_ptr(), value.as_ptr()) };
    }

    /// Adds a further line under `key`.
    pub fn add(self, key: &'static CStr, value: &[u8]) {
        let value = self.pool.copy_raw(value);
        // SAFETY: as in `set`.
        unsafe { sys::apr_table_addn(self.raw, key.as_ptr(), value) };
    }

    /// Appends to the value of `key` behind a comma, as lists in headers are merged.
    pub fn merge(self, key: &'static CStr, value: &[u8]) {
        let value = self.pool.copy_raw(value);
        // SAFETY: as in `set`.
        unsafe { sys::apr_table_mergen(self.raw, key.as_ptr(), value) };
    }

    /// Removes all values of `key`.
    pub fn unset(self, key: &CStr) {
        // SAFETY: a live table.
        unsafe { sys::apr_table_unset(self.raw, key.as_ptr()) };
    }
}
