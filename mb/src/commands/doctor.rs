//! `mb doctor`: looks at all that a site stands on, and says what to do.

mod configuration;
mod database;
mod files;
mod httpd;
mod mirrors;
mod report;
mod system;

use crate::cli::Facts;
use crate::error::Failure;
use crate::session::Session;
use clap::Args;
use report::Report;

/// Looks at configuration, database, schema, geo databases, httpd, rsync, clock, tree and mirrors. Each line is
/// ok, a warning or an error with what to do; the exit status is 1 if there is an error.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    facts: Facts,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let mut report = Report::default();
    if configuration::look(&mut report, session) {
        database::look(&mut report, session);
        files::look(&mut report, session);
    }
    httpd::look(&mut report);
    system::look(&mut report);
    if arguments.facts.json {
        session.out.json(&report.findings())?;
    } else {
        report.print(&mut session.out)?;
    }
    if report.has_error() {
        return Err(Failure::quiet(1));
    }
    Ok(())
}
