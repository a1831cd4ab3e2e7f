//! Content types of many files through one sub-request.

use crate::entry_path::EntryPath;
use crate::pool::c_str;
use crate::private::lookup_hooks::{LookupHook, LookupPhase, RequestFunction};
use crate::private::sections::{Alike, LONGEST_NAME};
use crate::request::{FileKind, Request};
use crate::subrequest::SubRequest;
use apache_sys as sys;
use std::ffi::CStr;

/// A finished sub-request for one file of a directory, which stands for those that are like it:
/// httpd granted it, with the very configuration of the directory. It can be asked for the types
/// of the others.
///
/// That runs the hooks that find a type from a file's name, and only those.
pub struct TypeProbe<'r> {
    request: SubRequest<'r>,
    type_checkers: Vec<RequestFunction>,
    fixups: Vec<RequestFunction>,
    /// The path of the file that is asked about. Its place in memory does not change, and
    /// outlives the sub-request.
    path: EntryPath,
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
    /// `found` is the lookup of an entry of the directory that `listing` is a request for, and
    /// `hooks` are those that a lookup runs. `None` if it does not stand for others: it has
    /// another configuration than the directory, was not granted, or is no regular file.
    pub fn new(
        listing: Request<'r>,
        found: SubRequest<'r>,
        hooks: &[LookupHook<'_>],
    ) -> Option<Self> {
        let request = found.request();
        let stands_for_others = request.same_directory_config(listing)
            && request.status() == 200
            && request.file_info().kind == FileKind::Regular;
        if !stands_for_others {
            return None;
        }
        let of = |phase| {
            hooks
                .iter()
                .filter(|hook| hook.phase == phase && hook.finds_types())
                .filter_map(|hook| hook.function)
                .collect()
        };
        Some(Self {
            type_checkers: of(LookupPhase::TypeChecker),
            fixups: of(LookupPhase::Fixups),
            path: EntryPath::new(listing.filename()?, LONGEST_NAME),
            request: found,
        })
    }

    /// The type of a regular file of the directory. What the hooks allocate stays until the probe
    /// is dropped.
    pub fn type_of(&mut self, file: Alike<'_>) -> FileType<'_> {
        let path = self.path.as_mut_ptr(file.name());
        let raw = self.request.request().as_ptr();
        // SAFETY: a live request; the field is a pointer.
        let own_name = unsafe { (*raw).filename };
        // SAFETY: a live request; the name is set back before this function returns.
        unsafe { (*raw).filename = path };
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
            // before; `finds_types` says what it does.
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
