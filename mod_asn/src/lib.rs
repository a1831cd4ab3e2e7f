//! Apache httpd module mod_asn: the network (AS number and prefix) of a client.
#![deny(unsafe_code)]

mod config;

use apache::{Directive, DirectiveTable, Hooks, Module};
use config::{DIRECTIVES, Directory, Server};
use dbd_directives::DbdDirectives;

/// The module's definition.
pub struct Asn;

impl apache::Definition for Asn {
    type Directory = Directory;
    type Server = Server;

    fn module() -> &'static Module<Self> {
        &asn_module
    }

    fn register(_hooks: &Hooks<'_, Self>) {}
}

const DBD: &[Directive<Asn>] = DbdDirectives::TABLE;

static TABLE: DirectiveTable<Asn, { DIRECTIVES.len() + DBD.len() + 1 }> =
    DirectiveTable::joined(&[DIRECTIVES, DBD]);

/// The symbol that `LoadModule asn_module` looks up.
#[expect(
    unsafe_code,
    reason = "httpd finds the module by this unmangled symbol"
)]
#[unsafe(no_mangle)]
pub static asn_module: Module<Asn> = Module::new(c"mod_asn.c", &TABLE);
