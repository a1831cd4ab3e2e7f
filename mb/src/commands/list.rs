//! `mb list`

use crate::cli::Facts;
use crate::error::Failure;
use crate::output::{Cell, Table};
use crate::python::flag;
use crate::session::Session;
use clap::Args;
use mirror_db::tables::filearr;
use mirror_db::tables::server::{self, Server};
use pg::Connection;
use serde::Serialize;
use std::collections::HashMap;

/// Arguments of `mb list`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The mirror of this name, else those whose names contain it
    part: Option<String>,

    /// Those whose country contains this; it counts more than the next
    #[arg(short = 'c', value_name = "XY", allow_hyphen_values = true)]
    in_country: Option<String>,

    /// Those whose region contains this; it counts more than a name
    #[arg(short = 'r', value_name = "XY", allow_hyphen_values = true)]
    in_region: Option<String>,

    /// Those that are disabled too
    #[arg(short = 'a', long)]
    show_disabled: bool,

    /// Only those that are disabled
    #[arg(long)]
    disabled: bool,

    #[command(flatten)]
    columns: Shown,

    #[command(flatten)]
    facts: Facts,
}

/// What is shown beside the name.
#[derive(Debug, Args)]
struct Shown {
    /// Show the score
    #[arg(long)]
    prio: bool,

    /// Show the region
    #[arg(long)]
    region: bool,

    /// Show the country
    #[arg(long)]
    country: bool,

    /// Show further countries that it serves
    #[arg(long)]
    other_countries: bool,

    /// Show the number of its autonomous system
    #[arg(long)]
    asn: bool,

    /// Show its network
    #[arg(long)]
    prefix: bool,

    /// Show its base URL
    #[arg(short = 'H', long)]
    http_url: bool,

    /// Show its FTP URL
    #[arg(short = 'F', long)]
    ftp_url: bool,

    /// Show its rsync URL
    #[arg(short = 'R', long)]
    rsync_url: bool,

    /// Show whether it is only for its region
    #[arg(long)]
    region_only: bool,

    /// Show whether it is only for its country
    #[arg(long)]
    country_only: bool,

    /// Show whether it is only for its autonomous system
    #[arg(long)]
    as_only: bool,

    /// Show whether it is only for its network
    #[arg(long)]
    prefix_only: bool,

    /// Show how many files it has
    #[arg(short = 'N', long)]
    number_of_files: bool,
}

/// A mirror as JSON has it.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    mirror: &'a Server,
    #[serde(skip_serializing_if = "Option::is_none")]
    number_of_files: Option<i64>,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let connection = session.connection()?;
    let mut mirrors = find(arguments, connection)?;
    mirrors.retain(|mirror| arguments.show_disabled || mirror.enabled != arguments.disabled);
    let columns = &arguments.columns;
    let counts = if columns.number_of_files {
        let ids: Vec<i32> = mirrors.iter().map(|mirror| mirror.id).collect();
        filearr::counts(connection, &ids)?
    } else {
        HashMap::new()
    };
    let count = |mirror: &Server| counts.get(&mirror.id).copied().unwrap_or_default();
    if arguments.facts.json {
        let listed = mirrors.iter().map(|mirror| Listed {
            mirror,
            number_of_files: columns.number_of_files.then(|| count(mirror)),
        });
        session.out.json(&listed.collect::<Vec<_>>())?;
    } else if session.out.is_terminal() {
        session.out.table(&columns.table(&mirrors, count))?;
    } else {
        for mirror in &mirrors {
            session.out.line(columns.line(mirror, count(mirror)))?;
        }
    }
    Ok(())
}

fn find(arguments: &Arguments, connection: &mut Connection) -> Result<Vec<Server>, Failure> {
    Ok(
        match (&arguments.in_country, &arguments.in_region, &arguments.part) {
            (Some(country), _, _) => server::in_country(connection, country)?,
            (None, Some(region), _) => server::in_region(connection, region)?,
            (None, None, Some(part)) => server::matching(connection, part)?,
            (None, None, None) => server::all(connection)?,
        },
    )
}

impl Shown {
    /// What scripts read.
    fn line(&self, mirror: &Server, files: i64) -> String {
        let only = |name: &str, value| format!("{name}={}", flag(value));
        let columns = [
            (true, format!("{:<30}", mirror.identifier)),
            (self.prio, format!("{:>3}", mirror.score)),
            (self.region, format!("{:>2}", mirror.region)),
            (self.country, format!("{:>2}", mirror.country)),
            (
                self.other_countries,
                format!("{:>2}", mirror.other_countries),
            ),
            (self.asn, format!("{:>5}", mirror.asn)),
            (self.prefix, format!("{:<19}", mirror.prefix)),
            (self.http_url, format!("{:<55}", mirror.baseurl)),
            (self.ftp_url, format!("{:<55}", mirror.baseurl_ftp)),
            (self.rsync_url, format!("{:<55}", mirror.baseurl_rsync)),
            (self.region_only, only("region_only", mirror.region_only)),
            (self.country_only, only("country_only", mirror.country_only)),
            (self.as_only, only("as_only", mirror.as_only)),
            (self.prefix_only, only("prefix_only", mirror.prefix_only)),
            (self.number_of_files, format!("nfiles={files}")),
        ];
        let shown = columns.into_iter().filter(|(is_shown, _)| *is_shown);
        shown.map(|(_, text)| text).collect::<Vec<_>>().join(" ")
    }

    /// What people read.
    fn table(&self, mirrors: &[Server], count: impl Fn(&Server) -> i64) -> Table {
        type Column = (bool, &'static str, fn(&Server) -> Cell);
        let columns: [Column; 15] = [
            (true, "mirror", |m| Cell::text(&m.identifier)),
            (true, "state", state),
            (self.prio, "score", |m| Cell::number(m.score)),
            (self.region, "region", |m| Cell::text(&m.region)),
            (self.country, "country", |m| Cell::text(&m.country)),
            (self.other_countries, "other countries", |m| {
                Cell::text(&m.other_countries)
            }),
            (self.asn, "AS", |m| Cell::number(m.asn)),
            (self.prefix, "network", |m| Cell::text(&m.prefix)),
            (self.http_url, "URL", |m| Cell::text(&m.baseurl)),
            (self.ftp_url, "FTP", |m| Cell::text(&m.baseurl_ftp)),
            (self.rsync_url, "rsync", |m| Cell::text(&m.baseurl_rsync)),
            (self.region_only, "region only", |m| only(m.region_only)),
            (self.country_only, "country only", |m| only(m.country_only)),
            (self.as_only, "AS only", |m| only(m.as_only)),
            (self.prefix_only, "network only", |m| only(m.prefix_only)),
        ];
        let shown: Vec<&Column> = columns.iter().filter(|(is_shown, ..)| *is_shown).collect();
        let mut headings: Vec<&str> = shown.iter().map(|(_, heading, _)| *heading).collect();
        headings.extend(self.number_of_files.then_some("files"));
        let mut table = Table::new(headings);
        for mirror in mirrors {
            let cells = shown.iter().map(|(_, _, cell)| cell(mirror));
            let files = self.number_of_files.then(|| Cell::number(count(mirror)));
            table.row(cells.chain(files));
        }
        table
    }
}

fn only(value: bool) -> Cell {
    Cell::text(if value { "only" } else { "" })
}

/// Whether clients are sent there.
fn state(mirror: &Server) -> Cell {
    match (mirror.enabled, mirror.status_baseurl) {
        (false, _) => Cell::text("disabled"),
        (true, is_alive) => Cell::state(is_alive, "ok", "down"),
    }
}
