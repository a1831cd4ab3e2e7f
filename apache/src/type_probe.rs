//! Content types of many files through one sub-request.

use crate::lookup::{LookupHook, LookupPhase, RequestFunction};
use crate::pool::c_str;
use crate::subrequest::SubRequest;
use apache_sys as sys;
use std::ffi::CStr;

/// A finished sub-request for one file of a directory that is asked for the types of others.
///
/// It runs hooks that find a type from the file's name, and only those. The caller knows that
/// the other files have the same configuration, and that the hooks read nothing but that, the
/// name, and fields that are set back here.
pub struct TypeProbe<'r> {
    request: SubRequest<'r>,
    type_checkers: Vec<RequestFunction>,
    fixups: Vec<RequestFunction>,
}

/// What is known of a file's content.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileType<'a> {
    /// The MIME type, perhaps with parameters.
    pub content_type: Option<&'a CStr>,
    /// The content encodings.
    pub encoding: Option<&'a CStr>,
}

impl<'r> TypeProbe<'r> {
    /// `request` must be a successful lookup of a regular file; `hooks` those to run.
    pub fn new(request: SubRequest<'r>, hooks: &[LookupHook<'_>]) -> Self {
        let of = |phase| {
            hooks
                .iter()
                .filter(|hook| hook.phase == phase)
                .filter_map(|hook| hook.function)
                .collect()
        };
        Self {
            request,
            type_checkers: of(LookupPhase::TypeChecker),
            fixups: of(LookupPhase::Fixups),
        }
    }

    /// The type of the regular file `path`, a full path. What the hooks allocate stays until
    /// the probe is dropped.
    pub fn type_of(&mut self, path: &CStr) -> FileType<'_> {
        let raw = self.request.request().as_ptr();
        // SAFETY: a live request; the field is a pointer.
        let own_name = unsafe { (*raw).filename };
        // SAFETY: a live request; the name is set back before this function returns.
        unsafe { (*raw).filename = path.as_ptr().cast_mut() };
        self.forget_type();
        self.run(raw);
        // SAFETY: a live request.
        unsafe { (*raw).filename = own_name };
        // SAFETY: a live request.
        let content_type = unsafe { (*raw).content_type };
        // SAFETY: as above.
        let encoding = unsafe { (*raw).content_encoding };
        FileType {
            // SAFETY: null or a string of the sub-request or the configuration.
            content_type: unsafe { c_str(content_type) },
            // SAFETY: as above.
            encoding: unsafe { c_str(encoding) },
        }
    }

    /// What type checkers set, as it is in a new request.
    fn forget_type(&self) {
        let raw = self.request.request().as_ptr();
        // SAFETY: a live request.
        unsafe { (*raw).content_type = std::ptr::null() };
        // SAFETY: a live request.
        unsafe { (*raw).content_encoding = std::ptr::null() };
        // SAFETY: a live request.
        unsafe { (*raw).content_languages = std::ptr::null_mut() };
        // SAFETY: a live request.
        unsafe { (*raw).handler = std::ptr::null() };
    }

    /// As httpd calls them: the first type checker that answers ends their stage; all fixups
    /// run until one objects.
    fn run(&self, raw: *mut sys::request_rec) {
        for &check in &self.type_checkers {
            // SAFETY: a hook of a loaded module, on a live request that passed the stages
            // before.
            if unsafe { check(raw) } != sys::DECLINED {
                break;
            }
        }
        for &fix in &self.fixups {
            // SAFETY: as above.
            let status = unsafe { fix(raw) };
            if status != sys::OK && status != sys::DECLINED {
                break;
            }
        }
    }
}
