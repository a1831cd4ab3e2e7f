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

unsafe extern "C" {
    /// Sets `conn_rec::aborted`, in whichever form the headers have it.
    pub fn httpd_shim_abort(connection: *mut conn_rec);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::{offset_of, size_of};

    unsafe extern "C" {
        static httpd_shim_layout: [usize; 22];
        fn httpd_shim_set_d_is_fnmatch(config: *mut core_dir_config);
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
            size_of::<core_dir_config>(),
            offset_of!(core_dir_config, d),
            offset_of!(core_dir_config, r),
            offset_of!(core_dir_config, sec_file),
            offset_of!(core_dir_config, sec_if),
            offset_of!(core_dir_config, expr_handler),
            size_of::<core_server_config>(),
            offset_of!(core_server_config, sec_url),
        ];
        // SAFETY: a constant array of this length, defined in shim.c.
        let theirs = unsafe { httpd_shim_layout };
        assert_eq!(ours, theirs);
    }

    /// What the C compiler writes to a bit is what the bindings read from it.
    #[test]
    fn bits_agree_with_the_c_compiler() {
        let mut config = std::mem::MaybeUninit::<core_dir_config>::uninit();
        // SAFETY: writes the whole record, all of whose fields may be zero.
        unsafe { httpd_shim_set_d_is_fnmatch(config.as_mut_ptr()) };
        // SAFETY: written by the call.
        let config = unsafe { config.assume_init() };
        assert_eq!((config.d_is_fnmatch(), config.content_md5()), (1, 0));
    }
}
