//! What httpd's headers define as macros.

use crate::{MODULE_MAGIC_COOKIE, MODULE_MAGIC_NUMBER_MAJOR, MODULE_MAGIC_NUMBER_MINOR};
use std::ffi::{c_int, c_ulong};

/// `MODULE_MAGIC_COOKIE` in the type of the structure's field.
pub const MAGIC: c_ulong = MODULE_MAGIC_COOKIE as c_ulong;
/// First field of `STANDARD20_MODULE_STUFF`: the ABI this module was built for.
pub const VERSION: c_int = MODULE_MAGIC_NUMBER_MAJOR as c_int;
/// Second field of `STANDARD20_MODULE_STUFF`.
pub const MINOR_VERSION: c_int = MODULE_MAGIC_NUMBER_MINOR as c_int;
/// `AP_STATUS_SHORT` of mod_status.h.
pub const STATUS_SHORT: c_int = 1;
/// `APLOG_NO_MODULE`.
pub const NO_MODULE: c_int = -1;
