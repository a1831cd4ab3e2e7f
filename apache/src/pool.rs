//! APR memory pools.

use apache_sys as sys;
use std::ffi::{CStr, c_char, c_void};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether what pools own is left to the end of the process.
static DROPS_NOTHING: AtomicBool = AtomicBool::new(false);

/// From now on nothing is dropped that pools own.
pub(crate) fn stop_dropping() {
    DROPS_NOTHING.store(true, Ordering::Relaxed);
}

/// A pool that lives for `'p`; what is put into it lives as long.
#[derive(Clone, Copy)]
pub struct Pool<'p> {
    raw: *mut sys::apr_pool_t,
    owner: PhantomData<&'p ()>,
}

impl<'p> Pool<'p> {
    /// # Safety
    /// `raw` must be a live pool that is not cleared before `'p` ends.
    pub(crate) unsafe fn from_raw(raw: *mut sys::apr_pool_t) -> Self {
        Self {
            raw,
            owner: PhantomData,
        }
    }

    pub(crate) fn as_ptr(self) -> *mut sys::apr_pool_t {
        self.raw
    }

    /// A copy of `bytes` up to the first NUL, with a NUL behind it.
    pub fn copy_bytes(self, bytes: &[u8]) -> &'p CStr {
        // SAFETY: a C string that lives as long as the pool.
        unsafe { CStr::from_ptr(self.copy_raw(bytes)) }
    }

    /// As [`Pool::copy_bytes`], without a look at where it ends.
    pub(crate) fn copy_raw(self, bytes: &[u8]) -> *mut c_char {
        // SAFETY: the pool is live; the bytes are readable. The copy ends with a NUL.
        unsafe { sys::apr_pstrmemdup(self.raw, bytes.as_ptr().cast(), bytes.len()) }
    }

    /// A copy of `text`.
    pub fn copy_str(self, text: &CStr) -> &'p CStr {
        let bytes = text.to_bytes_with_nul();
        // SAFETY: the pool is live; the bytes are readable at the pointer.
        let copy = unsafe { sys::apr_pmemdup(self.raw, bytes.as_ptr().cast(), bytes.len()) };
        // SAFETY: the copy has these bytes and lives as long as the pool.
        let copy = unsafe { std::slice::from_raw_parts(copy.cast::<u8>(), bytes.len()) };
        // SAFETY: copied from a C string.
        unsafe { CStr::from_bytes_with_nul_unchecked(copy) }
    }

    /// Moves `value` into the pool; it is dropped when the pool is cleared, by whichever thread
    /// does that.
    ///
    /// ```no_run
    /// # fn example(request: apache::Request<'_>) {
    /// request.pool().own(vec![1]);
    /// # }
    /// ```
    ///
    /// So it must not be bound to a thread:
    ///
    /// ```compile_fail,E0277
    /// # fn example(request: apache::Request<'_>) {
    /// request.pool().own(std::rc::Rc::new(1));
    /// # }
    /// ```
    pub fn own<T: Send + 'static>(self, value: T) -> &'p mut T {
        unsafe extern "C" fn drop_value<T>(data: *mut c_void) -> sys::apr_status_t {
            if DROPS_NOTHING.load(Ordering::Relaxed) {
                return 0;
            }
            // SAFETY: `data` came from Box::into_raw below, and APR runs a cleanup once.
            let value = unsafe { Box::from_raw(data.cast::<T>()) };
            // A panic while dropping must not cross into APR; the value is gone either way.
            let dropped = crate::guard::guard(background::Point::Cleanup, || drop(value));
            if let Err(panic) = dropped {
                crate::guard::report("while clearing a pool", &panic);
            }
            0
        }
        let raw = Box::into_raw(Box::new(value));
        // SAFETY: the pool is live; the cleanup matches the pointer's type.
        unsafe {
            sys::apr_pool_cleanup_register(
                self.raw,
                raw.cast(),
                Some(drop_value::<T>),
                Some(sys::apr_pool_cleanup_null),
            );
        }
        // SAFETY: just allocated; only the pool's cleanup frees it.
        unsafe { &mut *raw }
    }

    /// For the pool of a child: runs `end` when it is about to be cleared, before anything in it or in
    /// the pools below it goes. What is registered last runs first. A function takes no memory that
    /// would have to be freed then.
    pub(crate) fn before_clearing<F: FnOnce() + Send + 'static>(self, end: F) {
        unsafe extern "C" fn run<F: FnOnce()>(data: *mut c_void) -> sys::apr_status_t {
            // SAFETY: `data` came from Box::into_raw below, and APR runs a cleanup once.
            let end = unsafe { Box::from_raw(data.cast::<F>()) };
            if let Err(panic) = crate::guard::guard(background::Point::ChildExit, *end) {
                crate::guard::report("at the end of the child", &panic);
            }
            0
        }
        let raw = Box::into_raw(Box::new(end));
        // SAFETY: the pool is live; the cleanup matches the pointer's type.
        unsafe { sys::apr_pool_pre_cleanup_register(self.raw, raw.cast(), Some(run::<F>)) };
    }

    /// A NULL-terminated array of the names, as the hook registration wants it.
    pub(crate) fn names(self, names: &[&'static CStr]) -> *const *const c_char {
        if names.is_empty() {
            return std::ptr::null();
        }
        let array: Vec<*const c_char> = names
            .iter()
            .map(|name| name.as_ptr())
            .chain([std::ptr::null()])
            .collect();
        let bytes = size_of_val(array.as_slice());
        // SAFETY: the pool is live; the bytes are readable. APR aligns what it gives for pointers.
        unsafe { sys::apr_pmemdup(self.raw, array.as_ptr().cast(), bytes) }.cast()
    }
}

/// The bytes of a C string that httpd owns, or `None` for a null pointer.
///
/// # Safety
/// `text` must be null or a C string that lives, unchanged, for `'p`.
pub(crate) unsafe fn c_str<'p>(text: *const c_char) -> Option<&'p CStr> {
    if text.is_null() {
        return None;
    }
    // SAFETY: by the function's contract.
    Some(unsafe { CStr::from_ptr(text) })
}
