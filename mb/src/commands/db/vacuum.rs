//! `mb db vacuum`

use crate::cli::Facts;
use crate::error::Failure;
use crate::session::Session;
use clap::Args;
use mirror_db::tables::filearr;
use serde::Serialize;

/// Arguments of `mb db vacuum`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    facts: Facts,
}

/// What there was, as JSON has it.
#[derive(Serialize)]
struct Vacuumed {
    total: i64,
    stale: i64,
    deleted: u64,
}

pub(super) fn run(
    arguments: &Arguments,
    dry_run: bool,
    quiet: bool,
    session: &mut Session,
) -> Result<(), Failure> {
    let is_told = !quiet && !arguments.facts.json;
    let (total, stale) = match quiet {
        true => (0, 0),
        false => filearr::count(session.connection()?)?,
    };
    if is_told {
        let out = &mut session.out;
        out.line(format_args!("{:<32} {total:>10}", "Total files:"))?;
        out.line(format_args!("Stale files (not on any mirror): {stale:>10}"))?;
        if !dry_run {
            out.line("Deleting stale files...")?;
            out.flush()?;
        }
    }
    let deleted = match dry_run {
        true => 0,
        false => session.change(false, "", |connection| Ok(filearr::vacuum(connection)?))?,
    };
    if is_told && !dry_run {
        session.out.line("Done.")?;
    }
    if arguments.facts.json && !quiet {
        session.out.json(&Vacuumed {
            total,
            stale,
            deleted,
        })?;
    }
    Ok(())
}
