//! `mb enable`

use crate::cli::Changes;
use crate::error::Failure;
use crate::session::Session;
use clap::Args;
use mirror_db::tables::server::{self, Column};

/// Arguments of `mb enable`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The mirror, or a part of its name that no other has
    identifier: String,

    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let mirror = session.mirror(&arguments.identifier)?;
    let what = format!("enable {}", mirror.identifier);
    session.change(arguments.changes.dry_run, what, |connection| {
        server::set(connection, mirror.id, Column::Enabled, Some("true"))?;
        Ok(())
    })
}
