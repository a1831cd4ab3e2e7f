//! The hooks that take part when httpd looks up a file. httpd has accessors for their lists, and
//! `APR_DECLARE_EXTERNAL_HOOK` the records in them: both in every version since 2.0.

use crate::pool::c_str;
use crate::request::Request;
use apache_sys as sys;
use std::ffi::{CStr, c_int};

/// A stage of a file sub-request that runs whatever the access rules say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupPhase {
    /// A request structure is made.
    CreateRequest,
    /// The file is asked for on the way down the path.
    DirectoryWalkStat,
    /// An `.htaccess` file is opened.
    OpenHtaccess,
    /// Directory sections are merged.
    MapToStorage,
    /// All sections are merged.
    PostDirectoryConfig,
    /// Content type and encoding are found.
    TypeChecker,
    /// Last changes before the handler would run.
    Fixups,
}

pub(crate) type RequestFunction = unsafe extern "C" fn(*mut sys::request_rec) -> c_int;

/// A function that a module registered for a stage of the lookup.
#[derive(Clone, Copy)]
pub struct LookupHook<'c> {
    /// The stage.
    pub phase: LookupPhase,
    /// The module's name, such as `mod_mime.c`.
    pub module: &'c CStr,
    pub(crate) function: Option<RequestFunction>,
}

impl LookupHook<'_> {
    /// Whether this is a hook that finds the type of a file from its name and the configuration,
    /// reads nothing else of the file, and keeps nothing of it but in the fields that
    /// [`TypeProbe`](crate::TypeProbe) sets back: `ForceType` of the core, mod_mime, and
    /// mod_negotiation, which calls an encoding as the client does (x-gzip or gzip).
    pub fn finds_types(&self) -> bool {
        matches!(
            (self.module.to_bytes(), self.phase),
            (b"mod_mime.c", LookupPhase::TypeChecker)
                | (b"core.c" | b"mod_negotiation.c", LookupPhase::Fixups)
        )
    }
}

/// The hooks of one stage; each stage has a record type of its own, all of one layout.
macro_rules! hooks_of {
    ($found:ident, $phase:ident, $get:ident, $link:ident, $function:expr) => {{
        // SAFETY: a query without arguments.
        let array = unsafe { sys::$get() };
        // SAFETY: hooks are registered before any request is served; null if there is none.
        let array = unsafe { array.as_ref() };
        let count = array.map_or(0, |array| usize::try_from(array.nelts).unwrap_or(0));
        for i in 0..count {
            let Some(array) = array else { break };
            // SAFETY: `i` is below the array's length.
            let link = unsafe { array.elts.cast::<sys::$link>().add(i) };
            // SAFETY: an element of the array.
            let link = unsafe { &*link };
            // SAFETY: the name of a loaded module, or null for httpd's own.
            let module = unsafe { c_str(link.szName) }.unwrap_or(c"");
            $found.push(LookupHook {
                phase: LookupPhase::$phase,
                module,
                function: $function(link.pFunc),
            });
        }
    }};
}

impl<'c> LookupHook<'c> {
    /// All hooks, of modules that stay loaded as long as the request, that a lookup of a file runs, stage by stage in the order httpd calls them.
    pub fn all(_: Request<'c>) -> Vec<Self> {
        let mut found = Vec::with_capacity(32);
        macro_rules! stage {
            ($phase:ident, $get:ident, $link:ident) => {
                hooks_of!(found, $phase, $get, $link, |_| None)
            };
            ($phase:ident, $get:ident, $link:ident, callable) => {
                hooks_of!(found, $phase, $get, $link, |function| function)
            };
        }
        stage!(
            CreateRequest,
            ap_hook_get_create_request,
            ap_LINK_create_request_t
        );
        stage!(
            DirectoryWalkStat,
            ap_hook_get_dirwalk_stat,
            ap_LINK_dirwalk_stat_t
        );
        stage!(
            OpenHtaccess,
            ap_hook_get_open_htaccess,
            ap_LINK_open_htaccess_t
        );
        stage!(
            MapToStorage,
            ap_hook_get_map_to_storage,
            ap_LINK_map_to_storage_t
        );
        stage!(
            PostDirectoryConfig,
            ap_hook_get_post_perdir_config,
            ap_LINK_post_perdir_config_t
        );
        stage!(
            TypeChecker,
            ap_hook_get_type_checker,
            ap_LINK_type_checker_t,
            callable
        );
        stage!(Fixups, ap_hook_get_fixups, ap_LINK_fixups_t, callable);
        found
    }
}
