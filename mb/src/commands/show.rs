//! `mb show`

use crate::cli::Facts;
use crate::error::Failure;
use crate::mirror_text::{self, FIELDS};
use crate::output::{Cell, Table};
use crate::session::Session;
use anstyle::Style;
use clap::Args;
use mirror_db::tables::server::Server;

/// Arguments of `mb show`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The mirror, or a part of its name that no other has
    identifier: String,

    #[command(flatten)]
    facts: Facts,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let mirror = session.mirror(&arguments.identifier)?;
    if arguments.facts.json {
        session.out.json(&mirror)?;
    } else if session.out.is_terminal() {
        session.out.table(&table(&mirror))?;
        session.out.line(format_args!("\n{}", mirror.comment))?;
    } else {
        session.out.line(mirror_text::show(&mirror))?;
    }
    Ok(())
}

/// What people read; the comment stands below it.
fn table(mirror: &Server) -> Table {
    let mut table = Table::new(["field", "value"]);
    for (name, value) in FIELDS {
        let value = match name {
            "enabled" => Cell::state(mirror.enabled, "yes", "no"),
            "statusBaseurl" => Cell::state(mirror.status_baseurl, "alive", "down"),
            _ => Cell::text(value(mirror)),
        };
        table.row([Cell::text(name).styled(Style::new().dimmed()), value]);
    }
    let last_scan = mirror.last_scan.as_deref().unwrap_or("never");
    table.row([
        Cell::text("lastScan").styled(Style::new().dimmed()),
        Cell::text(last_scan),
    ]);
    table
}
