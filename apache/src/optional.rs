//! Questions one module asks another, without needing it (APR's optional functions).

use crate::guard::guard;
use crate::hook::Hooks;
use crate::log::{Level, log_request};
use crate::module::Definition;
use crate::request::Request;
use apache_sys as sys;
use std::ffi::{CStr, c_char, c_int};
use std::marker::PhantomData;

/// A question about a file that a directory listing shows.
///
/// The C signature under [`NAME`](Self::NAME) is
/// `int (request_rec *listing, const char *file, apr_off_t size)`; 0 means no.
pub trait FileQuestion: 'static {
    /// The name the function is registered under.
    const NAME: &'static CStr;
}

/// Answers a [`FileQuestion`].
pub trait FileAnswer {
    /// `listing` is the request for the directory that holds `file` (a full path), which has
    /// `size` bytes.
    fn answer(listing: Request<'_>, file: &CStr, size: u64) -> bool;
}

/// `mirrorbrain_answers`: whether mod_mirrorbrain would answer a request for the file, or one
/// for its mirror list. Registered by mod_mirrorbrain, asked by mod_autoindex_mb.
pub enum MirrorbrainAnswers {}

impl FileQuestion for MirrorbrainAnswers {
    const NAME: &'static CStr = c"mirrorbrain_answers";
}

type Function = unsafe extern "C" fn(*mut sys::request_rec, *const c_char, sys::apr_off_t) -> c_int;

unsafe extern "C" fn answer<D: Definition, A: FileAnswer>(
    listing: *mut sys::request_rec,
    file: *const c_char,
    size: sys::apr_off_t,
) -> c_int {
    // SAFETY: the caller passes the live request that it serves.
    let listing = unsafe { Request::from_raw(listing) };
    // SAFETY: the caller passes a C string that lives for the call.
    let file = unsafe { CStr::from_ptr(file) };
    let size = u64::try_from(size).unwrap_or(0);
    match guard(panics::Point::Answer, || A::answer(listing, file, size)) {
        Ok(answer) => c_int::from(answer),
        Err(panic) => {
            let text = format!("{}: panic in an answer: {panic}", D::module().name());
            log_request(listing, D::module().index(), Level::Critical, text);
            0
        }
    }
}

impl<D: Definition> Hooks<'_, D> {
    /// Offers `A`'s answer to `Q` to the other modules.
    pub fn answer<Q: FileQuestion, A: FileAnswer>(&self) {
        let function: Function = answer::<D, A>;
        // SAFETY: both are C function pointers; the asker knows the real type by the name.
        let function = unsafe { std::mem::transmute::<Function, unsafe extern "C" fn()>(function) };
        // SAFETY: while hooks are registered; the name is static.
        unsafe { sys::apr_dynamic_fn_register(Q::NAME.as_ptr(), Some(function)) };
    }
}

/// Another module's answer to `Q`, for one request.
pub struct FileAsker<'r, Q: FileQuestion> {
    function: Function,
    request: Request<'r>,
    question: PhantomData<Q>,
}

impl<'r, Q: FileQuestion> FileAsker<'r, Q> {
    /// `None` if no loaded module answers.
    pub fn new(request: Request<'r>) -> Option<Self> {
        // SAFETY: looks a name up; null is None.
        let function = unsafe { sys::apr_dynamic_fn_retrieve(Q::NAME.as_ptr()) }?;
        // SAFETY: what is registered under this name has this type, by the trait's contract.
        let function = unsafe { std::mem::transmute::<unsafe extern "C" fn(), Function>(function) };
        Some(Self {
            function,
            request,
            question: PhantomData,
        })
    }

    /// The answer for `file`, a full path.
    pub fn ask(&self, file: &CStr, size: u64) -> bool {
        let size = sys::apr_off_t::try_from(size).unwrap_or(sys::apr_off_t::MAX);
        // SAFETY: a live request and a C string; the module that registered it stays loaded
        // while requests are served.
        unsafe { (self.function)(self.request.as_ptr(), file.as_ptr(), size) != 0 }
    }
}
