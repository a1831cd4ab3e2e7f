//! `mb deviations`

use crate::cli::Facts;
use crate::error::Failure;
use crate::output::{Cell, Table};
use crate::session::Session;
use clap::Args;
use mirror_db::tables::deviation::{self, Deviating, Of};
use mirror_db::tables::{scan, server};

/// Arguments of `mb deviations`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The whole name of a mirror, or the path of a file or directory [default: all]
    of: Option<String>,

    #[command(flatten)]
    facts: Facts,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let connection = session.connection()?;
    if !scan::exists(connection)? {
        return Err(
            Failure::new("the tables have no place for deviations").hint("mb db migrate makes it")
        );
    }
    let of = match arguments.of.as_deref() {
        None => Of::All,
        Some(name) => match server::named(connection, name)? {
            Some(mirror) => Of::Mirror(mirror.id),
            None => Of::Path(name.trim_matches('/')),
        },
    };
    let found = deviation::list(connection, &of)?;
    let out = &mut session.out;
    if arguments.facts.json {
        return Ok(out.json(&found)?);
    }
    if out.is_terminal() {
        return Ok(out.table(&table(&found))?);
    }
    for Deviating {
        mirror, path, kind, ..
    } in &found
    {
        match of {
            // What `rsync --files-from` reads.
            Of::Mirror(_) => out.line(path)?,
            _ => out.line(format_args!("{mirror:<30} {kind:<9} {path}"))?,
        }
    }
    Ok(())
}

fn table(found: &[Deviating]) -> Table {
    let headings = ["mirror", "kind", "bytes", "origin", "path"];
    let mut table = Table::new(headings);
    let number = |n: Option<i64>| Cell::number(n.map(|n| n.to_string()).unwrap_or_default());
    for row in found {
        table.row([
            Cell::text(&row.mirror),
            Cell::text(&row.kind),
            number(row.size),
            number(row.origin_size),
            Cell::text(&row.path),
        ]);
    }
    table
}
