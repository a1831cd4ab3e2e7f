//! `mb commentadd`

use crate::cli::Changes;
use crate::error::Failure;
use crate::session::{Session, gone};
use clap::Args;
use mirror_db::tables::server;

/// Arguments of `mb commentadd`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The mirror, or a part of its name that no other has
    identifier: String,

    /// The text to add
    #[arg(
        short = 'C',
        long,
        value_name = "TEXT",
        required = true,
        allow_hyphen_values = true
    )]
    comment: String,

    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let mirror = session.mirror(&arguments.identifier)?;
    let what = format!("add to the comment about {}", mirror.identifier);
    session.change(
        arguments.changes.dry_run,
        what,
        |connection| match server::add_comment(connection, mirror.id, &arguments.comment)? {
            true => Ok(()),
            false => Err(gone(&mirror)),
        },
    )
}
