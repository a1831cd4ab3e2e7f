//! `mb enable`

use crate::cli::Changes;
use crate::error::Failure;
use crate::session::{Session, set};
use clap::Args;
use mirror_db::tables::server::Column;

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
        set(connection, &mirror, Column::Enabled, Some("true"))?;
        Ok(())
    })
}
