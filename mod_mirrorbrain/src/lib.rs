#![deny(unsafe_code)] // but for one item: the record that httpd looks for
//! Apache httpd module mod_mirrorbrain: redirects requests for files to the closest mirror that
//! has them, or answers with a document about the file and its mirrors.
//!
//! ```text
//! directives -> config records -> (child start) runtime -> handler -> answer
//! ```

mod access;
mod answer;
mod client;
mod config;
mod directives;
mod exchange;
mod exclusion;
mod facts;
mod handler;
mod known_file;
mod large;
mod listing;
mod made_hashes;
mod mask;
mod path;
mod respond;
mod retry;
mod roots;
mod runtime;
mod status;
mod sums;
mod trace;
mod yum;

use apache::{Directive, DirectiveTable, Hooks, Module, Order};
use config::{DirectoryConfig, ServerConfig};
use directives::DIRECTIVES;
use module_kit::DbdDirectives;

/// The module's definition.
pub struct MirrorBrain;

impl apache::Definition for MirrorBrain {
    type Directory = DirectoryConfig;
    type Server = ServerConfig;

    fn module() -> &'static Module<Self> {
        &mirrorbrain_module
    }

    fn register(hooks: &Hooks<'_, Self>) {
        hooks.check_config::<runtime::Startup>(Order::MIDDLE);
        hooks.post_config::<runtime::Startup>(Order::MIDDLE);
        hooks.child_init::<runtime::Startup>(Order::MIDDLE);
        hooks.handler::<status::StatusPage>(Order::FIRST);
        hooks.server_status::<status::StatusPage>();
        // Before mod_autoindex, mod_dir and the core's handler, which would send the file.
        hooks.handler::<handler::Engine>(Order::FIRST);
        hooks.handler::<handler::NoPost>(Order::REALLY_LAST.before(&[c"core.c"]));
        module_kit::offer_mirror_lists::<_, listing::Lists>(hooks);
    }
}

const DBD: &[Directive<MirrorBrain>] = DbdDirectives::TABLE;

static TABLE: DirectiveTable<MirrorBrain, { DIRECTIVES.len() + DBD.len() + 1 }> =
    DirectiveTable::joined(&[DIRECTIVES, DBD]);

/// The symbol that `LoadModule mirrorbrain_module` looks up.
#[expect(
    unsafe_code,
    reason = "httpd finds the module by this unmangled symbol"
)]
#[unsafe(no_mangle)]
pub static mirrorbrain_module: Module<MirrorBrain> = Module::new(c"mod_mirrorbrain.c", &TABLE);
