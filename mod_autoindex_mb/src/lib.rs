//! Apache httpd module mod_autoindex_mb: directory listings.
#![deny(unsafe_code)]

use apache::{DirectiveTable, Hooks, Module};

/// The module's definition.
pub struct AutoindexMb;

impl apache::Definition for AutoindexMb {
    type Directory = ();
    type Server = ();

    fn module() -> &'static Module<Self> {
        &autoindex_mb_module
    }

    fn register(_hooks: &Hooks<'_, Self>) {}
}

static TABLE: DirectiveTable<AutoindexMb, 1> = DirectiveTable::new(&[]);

/// The symbol that `LoadModule autoindex_mb_module` looks up.
#[expect(
    unsafe_code,
    reason = "httpd finds the module by this unmangled symbol"
)]
#[unsafe(no_mangle)]
pub static autoindex_mb_module: Module<AutoindexMb> = Module::new(c"mod_autoindex_mb.c", &TABLE);
