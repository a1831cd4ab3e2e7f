//! What mod_asn knows, for the status page of mod_mirrorbrain.

use crate::guard::guard;
use crate::hook::Hooks;
use crate::log::{Level, log_line};
use crate::module::Definition;
use crate::server::Server;
use apache_sys as sys;
use background::Point;
use std::ffi::{CStr, c_int};

/// The name that [`Ask`] is registered under. Its number changes with the function's type.
const NAME: &CStr = c"mirrorbrain_networks_1";

/// Fills in both numbers for a server. 0 means that there is no table, and nothing is filled in.
type Ask =
    unsafe extern "C" fn(server: *mut sys::server_rec, ranges: *mut u64, age: *mut u64) -> c_int;

/// A table of networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Networks {
    /// Its ranges.
    pub ranges: u64,
    /// Seconds since it was read.
    pub age: u64,
}

/// Tells what is known of networks. Offered by mod_asn.
pub trait NetworkTable {
    /// The table of a server, if there is one.
    fn networks(server: Server<'_>) -> Option<Networks>;
}

unsafe extern "C" fn ask<D: Definition, T: NetworkTable>(
    raw: *mut sys::server_rec,
    ranges: *mut u64,
    age: *mut u64,
) -> c_int {
    // SAFETY: the caller passes a live server.
    let server = unsafe { Server::from_raw(raw) };
    let networks = match guard(Point::NetworksAsked, || T::networks(server)) {
        Ok(Some(networks)) => networks,
        Ok(None) => return 0,
        Err(panic) => {
            let text = format!("{}: panic in an answer: {panic}", D::module().name());
            log_line(raw, D::module().index(), Level::Critical, text);
            return 0;
        }
    };
    // SAFETY: the caller passes room for the number.
    unsafe { ranges.write(networks.ranges) };
    // SAFETY: as above.
    unsafe { age.write(networks.age) };
    1
}

impl<D: Definition> Hooks<'_, D> {
    /// Offers what `T` knows to the other modules.
    pub fn network_table<T: NetworkTable>(&self) {
        let function: Ask = ask::<D, T>;
        // SAFETY: both are C function pointers; the asker knows the real type by the name.
        let function = unsafe { std::mem::transmute::<Ask, unsafe extern "C" fn()>(function) };
        // SAFETY: while hooks are registered; the name is static.
        unsafe { sys::apr_dynamic_fn_register(NAME.as_ptr(), Some(function)) };
    }
}

/// mod_asn's table of a server; none if it is not loaded or has none.
pub fn networks(server: Server<'_>) -> Option<Networks> {
    // SAFETY: looks a name up; null is None.
    let function = unsafe { sys::apr_dynamic_fn_retrieve(NAME.as_ptr()) }?;
    // SAFETY: what is registered under this name has this type.
    let ask = unsafe { std::mem::transmute::<unsafe extern "C" fn(), Ask>(function) };
    let (mut ranges, mut age) = (0, 0);
    // SAFETY: a live server and room for both numbers; the module that registered the function stays
    // loaded while requests are served.
    let filled = unsafe { ask(server.as_ptr(), &mut ranges, &mut age) };
    (filled != 0).then_some(Networks { ranges, age })
}
