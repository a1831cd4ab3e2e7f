//! The main server and its virtual hosts.

use crate::module::Definition;
use crate::pool::c_str;
use apache_sys as sys;
use std::ffi::{CStr, c_char};
use std::marker::PhantomData;

/// A server record; `'c` is the life of the configuration.
#[derive(Clone, Copy)]
pub struct Server<'c> {
    raw: *mut sys::server_rec,
    owner: PhantomData<&'c ()>,
}

impl<'c> Server<'c> {
    /// # Safety
    /// `raw` must be a server record that lives for `'c`.
    pub(crate) unsafe fn from_raw(raw: *mut sys::server_rec) -> Self {
        Self {
            raw,
            owner: PhantomData,
        }
    }

    pub(crate) fn as_ptr(self) -> *mut sys::server_rec {
        self.raw
    }

    fn record(self) -> &'c sys::server_rec {
        // SAFETY: live for `'c`; httpd does not change it after the start.
        unsafe { &*self.raw }
    }

    /// The module's configuration of this server.
    pub fn config<D: Definition>(self) -> Option<&'c D::Server> {
        // SAFETY: the vector of a live server; `D::Server` is what this module keeps there.
        unsafe { D::module().record(self.record().module_config) }
    }

    /// Whether a record of the module for this server, or for all its directories, could not be
    /// made.
    pub(crate) fn has_broken_config<D: Definition>(self) -> bool {
        let record = self.record();
        // SAFETY: as in `config`.
        let server = unsafe { D::module().is_broken::<D::Server>(record.module_config) };
        // SAFETY: as above; directories' records are in the other vector.
        let directories = unsafe { D::module().is_broken::<D::Directory>(record.lookup_defaults) };
        server || directories
    }

    /// This server and those behind it; from the main server: all.
    pub fn all(self) -> impl Iterator<Item = Server<'c>> {
        let mut next = self.raw;
        std::iter::from_fn(move || {
            if next.is_null() {
                return None;
            }
            // SAFETY: a record of the list.
            let server = unsafe { Server::from_raw(next) };
            next = server.record().next;
            Some(server)
        })
    }

    /// `ServerName`, without port.
    pub fn name(self) -> &'c CStr {
        // SAFETY: set before the configuration is used; in the configuration's pool.
        unsafe { c_str(self.record().server_hostname) }.unwrap_or(c"")
    }

    /// The port that the configuration names, in `ServerName` or `<VirtualHost>`; 0 if none.
    pub(crate) fn port(self) -> u16 {
        self.record().port
    }

    /// Whether `host` is this server's name or one of its `ServerAlias`es, wildcards included.
    pub fn is_called(self, host: &CStr) -> bool {
        if self.name().to_bytes().eq_ignore_ascii_case(host.to_bytes()) {
            return true;
        }
        let names = self.record().names;
        // SAFETY: null or an array of C strings.
        let exact = unsafe { strings(names) }
            .any(|name| name.to_bytes().eq_ignore_ascii_case(host.to_bytes()));
        // SAFETY: as above.
        exact
            || unsafe { strings(self.record().wild_names) }.any(|pattern| {
                // SAFETY: two C strings.
                unsafe { sys::ap_strcasecmp_match(host.as_ptr(), pattern.as_ptr()) == 0 }
            })
    }
}

/// # Safety
/// `array` must be null or an APR array of C strings that lives for `'c`.
unsafe fn strings<'c>(array: *const sys::apr_array_header_t) -> impl Iterator<Item = &'c CStr> {
    // SAFETY: by contract.
    let array = unsafe { array.as_ref() };
    let count = array.map_or(0, |array| usize::try_from(array.nelts).unwrap_or(0));
    (0..count).filter_map(move |i| {
        let first = array?.elts.cast::<*const c_char>();
        // SAFETY: `i` is below the array's length.
        let element = unsafe { first.add(i) };
        // SAFETY: as above.
        let text = unsafe { *element };
        // SAFETY: an element is null or a C string of the configuration.
        unsafe { c_str(text) }
    })
}
