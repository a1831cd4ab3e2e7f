//! Declarations of httpd, APR and APR-util, generated from the installed headers.
//!
//! What the headers define as macros, and bindgen therefore leaves out, is written once in
//! [`macros`]. Nothing here is safe; the `apache` crate is the only intended user.

#[allow(
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    clippy::multiple_unsafe_ops_per_block,
    dead_code,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unnecessary_transmutes,
    unsafe_op_in_unsafe_fn,
    rustdoc::all
)]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}
pub mod macros;

pub use bindings::*;

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    unsafe extern "C" {
        static httpd_shim_layout: [usize; 14];
    }

    /// The bindings have the layout that the C compiler gives the same headers.
    #[test]
    fn layout_agrees_with_the_c_compiler() {
        let ours = [
            size_of::<request_rec>(),
            offset_of!(request_rec, useragent_ip),
            offset_of!(request_rec, finfo),
            size_of::<server_rec>(),
            offset_of!(server_rec, names),
            size_of::<module>(),
            offset_of!(module, register_hooks),
            size_of::<command_rec>(),
            offset_of!(command_rec, args_how),
            size_of::<cmd_parms>(),
            offset_of!(cmd_parms, directive),
            size_of::<apr_finfo_t>(),
            offset_of!(apr_finfo_t, mtime),
            size_of::<conn_rec>(),
        ];
        // SAFETY: a constant array of this length, defined in shim.c.
        let theirs = unsafe { httpd_shim_layout };
        assert_eq!(ours, theirs);
    }
}
