//! `mb db vacuum`

use crate::error::Failure;
use crate::session::Session;
use mirror_db::tables::filearr;

pub(super) fn run(dry_run: bool, quiet: bool, session: &mut Session) -> Result<(), Failure> {
    if !quiet {
        let (files, stale) = filearr::count(session.connection()?)?;
        let out = &mut session.out;
        out.line(format_args!("{:<32} {files:>10}", "Total files:"))?;
        out.line(format_args!("Stale files (not on any mirror): {stale:>10}"))?;
        if !dry_run {
            out.line("Deleting stale files...")?;
            out.flush()?;
        }
    }
    if dry_run {
        return Ok(());
    }
    session.change(false, "", |connection| Ok(filearr::vacuum(connection)?))?;
    if !quiet {
        session.out.line("Done.")?;
    }
    Ok(())
}
