//! `mb score`

use crate::cli::{Changes, Facts};
use crate::error::Failure;
use crate::session::{Session, set};
use clap::Args;
use mirror_db::tables::server::Column;

/// Arguments of `mb score`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The mirror, or a part of its name that no other has
    identifier: String,

    /// The new score, -32768 to 32767; 100 is usual, 0 takes the mirror out
    #[arg(allow_negative_numbers = true)]
    score: Option<String>,

    #[command(flatten)]
    facts: Facts,

    #[command(flatten)]
    changes: Changes,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let new = arguments.score.as_deref().map(parse).transpose()?;
    let mirror = session.mirror(&arguments.identifier)?;
    let Some(new) = new else {
        if arguments.facts.json {
            session.out.json(&mirror.score)?;
        } else {
            session.out.line(mirror.score)?;
        }
        return Ok(());
    };
    let change = format!("score for {}: {} -> {new}", mirror.identifier, mirror.score);
    let dry_run = arguments.changes.dry_run;
    session.change(dry_run, format_args!("change {change}"), |connection| {
        let value = new.to_string();
        set(connection, &mirror, Column::Score, Some(&value))?;
        Ok(())
    })?;
    if !dry_run {
        session.out.line(format_args!("Changing {change}"))?;
    }
    Ok(())
}

/// Reads a score: the column is a smallint.
pub(crate) fn parse(text: &str) -> Result<i16, Failure> {
    text.trim().parse().map_err(|_| {
        Failure::new(format!("\"{text}\" is no score"))
            .hint("a score is a number from -32768 to 32767; 100 is usual, 0 takes a mirror out")
    })
}
