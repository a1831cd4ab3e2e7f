//! `mb delete`

use crate::cli::Changes;
use crate::error::Failure;
use crate::session::{Session, gone};
use clap::Args;
use mirror_db::tables::{filearr, scan, server};

/// Arguments of `mb delete`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The whole name of the mirror
    identifier: String,

    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let name = &arguments.identifier;
    let mirror = server::named(session.connection()?, name)?.ok_or_else(|| {
        Failure::new(format!("{name}: Not found.")).hint("delete needs the whole name: mb list -a")
    })?;
    let what = format!("delete {name}");
    session.change(arguments.changes.dry_run, what, |connection| {
        filearr::forget_mirror(connection, mirror.id)?;
        if scan::exists(connection)? {
            scan::forget_mirror(connection, mirror.id)?;
        }
        match server::delete(connection, mirror.id)? {
            true => Ok(()),
            false => Err(gone(&mirror)),
        }
    })
}
