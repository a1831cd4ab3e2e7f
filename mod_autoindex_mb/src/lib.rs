#![deny(unsafe_code)] // but for one item: the record that httpd looks for
//! Apache httpd module mod_autoindex_mb: directory listings as mod_autoindex makes them, with
//! links to mirror lists and metalinks.

mod config;
mod description;
mod directives;
mod entry;
mod escape;
mod fancy;
mod frame;
mod handler;
mod options;
mod order;
mod page;
mod patterns;
mod plain;
mod query;
mod reading;
mod scan;
mod shortcut;
mod table;
mod title;

use apache::{Configuration, DirectiveTable, Hooks, Level, Module, Order, PostConfig};
use config::DirectoryConfig;
use directives::DIRECTIVES;

/// The module's definition.
pub struct AutoindexMb;

impl apache::Definition for AutoindexMb {
    type Directory = DirectoryConfig;
    type Server = ();

    fn module() -> &'static Module<Self> {
        &autoindex_mb_module
    }

    fn register(hooks: &Hooks<'_, Self>) {
        // Both modules read the same directives; whoever comes first answers.
        hooks.handler::<handler::Listing>(Order::MIDDLE.before(&[c"mod_autoindex.c"]));
        hooks.post_config::<BothLoaded>(Order::MIDDLE);
    }
}

/// Says at the start that mod_autoindex has nothing to do.
struct BothLoaded;

impl PostConfig for BothLoaded {
    fn prepare(configuration: Configuration<'_>) {
        if apache::is_loaded(c"mod_autoindex.c") {
            configuration.main().log::<AutoindexMb>(Level::Warning, || {
                "mod_autoindex_mb and mod_autoindex are both loaded: mod_autoindex_mb makes all \
                 listings; remove the LoadModule line of mod_autoindex"
                    .to_owned()
            });
        }
    }
}

static TABLE: DirectiveTable<AutoindexMb, { DIRECTIVES.len() + 1 }> =
    DirectiveTable::new(DIRECTIVES);

/// The symbol that `LoadModule autoindex_mb_module` looks up.
#[expect(
    unsafe_code,
    reason = "httpd finds the module by this unmangled symbol"
)]
#[unsafe(no_mangle)]
pub static autoindex_mb_module: Module<AutoindexMb> = Module::new(c"mod_autoindex_mb.c", &TABLE);
