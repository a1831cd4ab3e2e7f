//! `mb rename`

use crate::cli::Changes;
use crate::error::Failure;
use crate::mirror_text;
use crate::session::{Session, set};
use clap::Args;
use mirror_db::tables::columns::Columns;
use mirror_db::tables::server::Column;

/// Arguments of `mb rename`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The mirror, or a part of its name that no other has
    identifier: String,

    /// Its new name
    new_identifier: String,

    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let mirror = session.mirror(&arguments.identifier)?;
    let new = &arguments.new_identifier;
    let what = format!("rename {} to {new}", mirror.identifier);
    session.change(arguments.changes.dry_run, what, |connection| {
        mirror_text::check_name(connection, new)?;
        let columns = Columns::of(connection, "server")?;
        mirror_text::check_width(&columns, Column::Identifier, new)?;
        set(connection, &mirror, Column::Identifier, Some(new))?;
        Ok(())
    })
}
