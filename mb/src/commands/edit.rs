//! `mb edit`

mod change;

use crate::cli::Changes;
use crate::editor::{self, Edited};
use crate::error::Failure;
use crate::mirror_text::{Text, to_edit};
use crate::session::{Session, gone, set};
use change::Change;
use clap::Args;
use mirror_db::tables::columns::Columns;
use mirror_db::tables::server::{self, Server};

/// Arguments of `mb edit`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The mirror, or a part of its name that no other has
    identifier: String,

    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let mirror = session.mirror(&arguments.identifier)?;
    let text = to_edit(&mirror);
    let Edited::Saved(draft) = editor::edit(&text, &mut session.out)? else {
        return Ok(());
    };
    let saved = save(arguments, &mirror, &text, draft.text(), session);
    for change in draft.end(saved)? {
        session.out.line(change)?;
    }
    Ok(())
}

/// Saves what is different, all of it or nothing.
fn save(
    arguments: &Arguments,
    mirror: &Server,
    text: &str,
    edited: &str,
    session: &mut Session,
) -> Result<Vec<Change>, Failure> {
    let changes = changes(mirror, text, edited, session).map_err(|failure| {
        let sentence = format!("{failure}; nothing was saved");
        failure.sentence(sentence)
    })?;
    let what = format!("save {} changes of {}", changes.len(), mirror.identifier);
    session.change(arguments.changes.dry_run, what, |connection| {
        let now = server::lock(connection, mirror.id)?.ok_or_else(|| gone(mirror))?;
        for change in &changes {
            change.is_still_about(&now)?;
            set(connection, mirror, change.column, change.value.as_deref())?;
        }
        Ok(())
    })?;
    Ok(changes)
}

/// What is different, checked.
fn changes(
    mirror: &Server,
    text: &str,
    edited: &str,
    session: &mut Session,
) -> Result<Vec<Change>, Failure> {
    let parse = |text| Text::parse(text).map_err(|e| Failure::new(e.to_string()));
    let (old, new) = (parse(text)?, parse(edited)?);
    let connection = session.connection()?;
    let columns = Columns::of(connection, "server")?;
    change::between(mirror, &old, &new, &columns, connection)
}
