//! The module's configuration records and directives.

use crate::Asn;
use apache::{Args, Command, Config, Context, Directive, SetResult, Setter};

/// Per directory.
pub struct Directory {
    lookup: Option<bool>,
}

impl Config for Directory {
    fn create() -> Self {
        Self { lookup: None }
    }

    fn merge(&self, specific: &Self) -> Self {
        Self {
            lookup: specific.lookup.or(self.lookup),
        }
    }
}

/// Per server.
pub struct Server {}

impl Config for Server {
    fn create() -> Self {
        Self {}
    }

    fn merge(&self, _specific: &Self) -> Self {
        Self {}
    }
}

fn set_lookup(directory: &mut Directory, _command: &Command<'_>, on: bool) -> SetResult {
    directory.lookup = Some(on);
    Ok(())
}

/// All directives.
pub const DIRECTIVES: &[Directive<Asn>] = &[Directive::new(
    c"ASLookup",
    Context::DIRECTORY,
    Args::Flag,
    Setter::DirectoryFlag(set_lookup),
    c"On or Off",
)];
