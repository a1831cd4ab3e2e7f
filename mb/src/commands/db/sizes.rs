//! `mb db sizes`

use crate::cli::Facts;
use crate::error::Failure;
use crate::output::{Cell, Table};
use crate::session::Session;
use clap::Args;
use mirror_db::tables::relation;

/// Arguments of `mb db sizes`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    facts: Facts,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let relations = relation::all(session.connection()?)?;
    let megabytes = |bytes: i64| bytes as f64 / f64::from(1 << 20);
    let total = megabytes(relations.iter().map(|relation| relation.bytes).sum());
    let out = &mut session.out;
    if arguments.facts.json {
        out.json(&relations)?;
    } else if out.is_terminal() {
        let mut table = Table::new(["MB", "relation"]);
        for relation in &relations {
            let size = format!("{:.1}", megabytes(relation.bytes));
            table.row([Cell::number(size), Cell::text(&relation.name)]);
        }
        table.row([
            Cell::number(format_args!("{total:.1}")),
            Cell::text("in all"),
        ]);
        out.table(&table)?;
    } else {
        out.line("Size(MB) Relation")?;
        for relation in &relations {
            let size = megabytes(relation.bytes);
            out.line(format_args!("{size:5.1}    {}", relation.name))?;
        }
        out.line(format_args!("Total: {total:.1}"))?;
    }
    Ok(())
}
