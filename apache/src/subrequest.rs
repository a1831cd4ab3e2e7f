//! Sub-requests: what httpd would do for another URL or file.

use crate::pool::c_str;
use crate::request::{FileKind, Request};
use apache_sys as sys;
use std::ffi::CStr;
use std::marker::PhantomData;

/// A looked-up request: mapped, checked for access and typed. It ends with this value, so what
/// is read of it borrows it.
pub struct SubRequest<'r> {
    raw: *mut sys::request_rec,
    parent: PhantomData<&'r ()>,
}

impl<'r> SubRequest<'r> {
    /// `raw` comes from one of httpd's lookups, or is null.
    fn own(raw: *mut sys::request_rec) -> Option<Self> {
        (!raw.is_null()).then_some(Self {
            raw,
            parent: PhantomData,
        })
    }

    /// Looks up the entry `name` of the directory that `parent` is for; the parent's file name
    /// must end with a slash. Symbolic links are followed. `None` if there is no such file. The
    /// kind is that of the file, even where the lookup led on to another one
    /// (`DirectoryIndex`).
    pub fn lookup_entry(parent: Request<'r>, name: &CStr) -> Option<(Self, FileKind)> {
        let directory = parent.filename()?;
        let path = [directory.to_bytes(), name.to_bytes()].concat();
        let path = std::ffi::CString::new(path).ok()?;
        // SAFETY: integers and pointers; APR fills it.
        let mut info: sys::apr_finfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: a C string, a structure of ours and a live pool.
        let status = unsafe {
            sys::apr_stat(
                &mut info,
                path.as_ptr(),
                sys::APR_FINFO_MIN,
                parent.pool().as_ptr(),
            )
        };
        if status != 0 {
            return None;
        }
        info.name = name.as_ptr();
        info.valid |= sys::APR_FINFO_NAME;
        // SAFETY: a live request; httpd copies what it keeps of `info` and its strings, but
        // for the name, which `forget_names` takes away below.
        let found = Self::own(unsafe {
            sys::ap_sub_req_lookup_dirent(
                &info,
                parent.as_ptr(),
                sys::AP_SUBREQ_NO_ARGS,
                std::ptr::null_mut(),
            )
        })?;
        found.forget_names();
        Some((found, FileKind::of(info.filetype)))
    }

    /// The copied file information still points at the name of the caller.
    fn forget_names(&self) {
        // SAFETY: a live request.
        unsafe { (*self.raw).finfo.name = std::ptr::null() };
        // SAFETY: as above.
        unsafe { (*self.raw).finfo.fname = std::ptr::null() };
    }

    /// What httpd makes of a GET for `uri` (a decoded path), as the same client asks for it with
    /// the same query.
    ///
    /// All that judges a request judges this one by its own name: httpd would take over what it
    /// found out about access for a sub-request whose sections are those of its parent, although
    /// `Require expr` may look at the path; and the request line would be the parent's. Left
    /// out is what httpd leaves out of every sub-request: header parsers (`SetEnvIf`; variables
    /// are the parent's), and of mod_rewrite the rules with `[NS]` and `[R]`.
    pub fn lookup_uri(parent: Request<'r>, uri: &[u8]) -> Option<Self> {
        let pool = parent.pool();
        let uri = pool.copy_bytes(uri);
        // SAFETY: an escaped copy in the request's pool.
        let escaped = unsafe { sys::ap_os_escape_path(pool.as_ptr(), uri.as_ptr(), 1) };
        // SAFETY: as above.
        let mut target = unsafe { c_str(escaped) }?.to_bytes().to_vec();
        if let Some(args) = parent.args() {
            target.push(b'?');
            target.extend_from_slice(args);
        }
        let line = pool.copy_bytes(&[b"GET ", &target[..], b" ", parent.protocol()].concat());
        let target = pool.copy_bytes(&target);
        let raw = parent.as_ptr();
        let lookup = || {
            // SAFETY: a live request and a C string of its pool.
            unsafe { sys::ap_sub_req_lookup_uri(target.as_ptr(), raw, std::ptr::null_mut()) }
        };
        Self::own(standing_back(parent, line, lookup))
    }

    /// The request behind it.
    pub fn request(&self) -> Request<'_> {
        // SAFETY: live until `self` is dropped.
        unsafe { Request::from_raw(self.raw) }
    }

    /// Leads this request's output into the parent's filters as they are now: what the parent
    /// wrote since the lookup waits in a filter that was put in after it, and all bytes must
    /// keep their order.
    fn follow_parent(&self) {
        // SAFETY: a live request.
        let parent = unsafe { (*self.raw).main };
        // SAFETY: a sub-request has a live parent.
        let filters = unsafe { (*parent).output_filters };
        // SAFETY: set by httpd before it serves requests.
        let last_own = unsafe { sys::ap_subreq_core_filter_handle };
        // SAFETY: a live request.
        let mut filter = unsafe { (*self.raw).output_filters };
        while !filter.is_null() {
            // SAFETY: a filter of a live request.
            let record = unsafe { (*filter).frec };
            if record == last_own {
                // SAFETY: as above; the parent's filters outlive its sub-requests.
                unsafe { (*filter).next = filters };
                return;
            }
            // SAFETY: as above.
            filter = unsafe { (*filter).next };
        }
    }
}

/// A sub-request whose answer can become a part of the parent's.
pub struct Inclusion<'r>(SubRequest<'r>);

impl<'r> Inclusion<'r> {
    /// Looks up a URL reference as it stands in a configuration, relative to the path of
    /// `parent`. What it sends goes where the parent's output goes.
    pub fn lookup_reference(parent: Request<'r>, uri: &CStr) -> Option<Self> {
        let parent = parent.as_ptr();
        // SAFETY: a live request.
        let filters = unsafe { (*parent).output_filters };
        // SAFETY: a live request and its filters; httpd copies the string.
        SubRequest::own(unsafe { sys::ap_sub_req_lookup_uri(uri.as_ptr(), parent, filters) })
            .map(Self)
    }

    /// The request behind it.
    pub fn request(&self) -> Request<'_> {
        self.0.request()
    }

    /// Sends the answer as part of the parent's. False if that failed.
    ///
    /// ```no_run
    /// # fn example(inclusion: apache::Inclusion<'_>) {
    /// inclusion.run();
    /// # }
    /// ```
    ///
    /// Once only:
    ///
    /// ```compile_fail,E0382
    /// # fn example(inclusion: apache::Inclusion<'_>) {
    /// inclusion.run();
    /// inclusion.run();
    /// # }
    /// ```
    ///
    /// A request that was only looked up has no way to the client:
    ///
    /// ```compile_fail,E0599
    /// # fn example(request: apache::Request<'_>) {
    /// apache::SubRequest::lookup_uri(request, b"/file").unwrap().run();
    /// # }
    /// ```
    pub fn run(self) -> bool {
        self.0.follow_parent();
        // SAFETY: looked up, with the parent's filters behind its own; not run before, since that
        // takes the value.
        unsafe { sys::ap_run_sub_req(self.0.raw) == sys::OK }
    }
}

impl Drop for SubRequest<'_> {
    fn drop(&mut self) {
        // SAFETY: made by httpd, destroyed once; handles borrow `self`.
        unsafe { sys::ap_destroy_sub_req(self.raw) };
    }
}

/// Does `act` while `parent` has another request line, and no section that holds for it.
fn standing_back<'r, T>(parent: Request<'r>, line: &'r CStr, act: impl FnOnce() -> T) -> T {
    let request = parent.as_ptr();
    // SAFETY: a live request, which only this thread works on.
    let line_before = unsafe { (*request).the_request };
    // SAFETY: as above.
    let sections_before = unsafe { (*request).per_dir_config };
    // SAFETY: a live server.
    let no_sections = unsafe { (*parent.server().as_ptr()).lookup_defaults };
    // SAFETY: as above; sub-requests copy the pointer, and the line lives as long as they can.
    unsafe { (*request).the_request = line.as_ptr().cast_mut() };
    // SAFETY: as above; where requests start, and where the configuration lives.
    unsafe { (*request).per_dir_config = no_sections };
    let done = act();
    // SAFETY: as above; whoever looks at the request sees what was there before.
    unsafe { (*request).the_request = line_before };
    // SAFETY: as above.
    unsafe { (*request).per_dir_config = sections_before };
    done
}
