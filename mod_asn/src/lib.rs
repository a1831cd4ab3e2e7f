#![deny(unsafe_code)] // but for one item: the record that httpd looks for
//! Apache httpd module mod_asn: the network (prefix and AS number) of a client.
//!
//! In directories with `ASLookup On` each request gets the variables `PFX` and `ASN`, from the
//! table `pfx2asn` in memory, from a query of the site's own, or from an mmdb file.

mod config;
mod directives;
mod lookup;
mod source;
mod startup;

use apache::{Directive, DirectiveTable, Hooks, Module, NetworkTable, Networks, Order};
use config::{DirectoryConfig, ServerConfig};
use directives::DIRECTIVES;
use lookup::Lookup;
use module_kit::DbdDirectives;
use startup::Startup;

/// The module's definition.
pub struct Asn;

impl apache::Definition for Asn {
    type Directory = DirectoryConfig;
    type Server = ServerConfig;

    fn module() -> &'static Module<Self> {
        &asn_module
    }

    fn register(hooks: &Hooks<'_, Self>) {
        // SetEnvIf in directories and RewriteRules test PFX and ASN.
        let before = &[c"mod_setenvif.c", c"mod_rewrite.c"];
        hooks.header_parser::<Lookup>(Order::FIRST.before(before));
        hooks.check_config::<Startup>(Order::MIDDLE);
        hooks.post_config::<Startup>(Order::MIDDLE);
        hooks.child_init::<Startup>(Order::MIDDLE);
        hooks.network_table::<Known>();
    }
}

/// What the status page of mod_mirrorbrain shows.
struct Known;

impl NetworkTable for Known {
    fn networks(server: apache::Server<'_>) -> Option<Networks> {
        server.config::<Asn>()?.source.get()?.networks()
    }
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
