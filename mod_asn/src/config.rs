//! The module's configuration records and directives.

use crate::Asn;
use apache::{Args, Command, Config, Context, Directive, SetResult, Setter};
use dbd_directives::{DbdRecord, DbdSettings};

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
pub struct Server {
    dbd: DbdSettings,
}

impl DbdRecord for Server {
    fn dbd_mut(&mut self) -> &mut DbdSettings {
        &mut self.dbd
    }
}

impl Config for Server {
    fn create() -> Self {
        Self {
            dbd: DbdSettings::default(),
        }
    }

    fn merge(&self, specific: &Self) -> Self {
        Self {
            dbd: self.dbd.merge(&specific.dbd),
        }
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
