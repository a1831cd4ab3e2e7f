//! `mb file ls`

use crate::commands::probefile::with_dots;
use crate::error::Failure;
use crate::fetch::{Client, Found, Timeout, Wanted, join, join_escaped};
use crate::output::{Cell, Table};
use crate::parallel;
use crate::session::Session;
use clap::Args;
use mirror_db::tables::filearr::{self, PathPattern};
use mirror_db::tables::server::{self, Server};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// Options of `mb file ls`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// ls: show the URLs
    #[arg(short, long, global = true)]
    url: bool,

    /// ls: ask the mirrors whether they have it
    #[arg(short, long, global = true)]
    probe: bool,

    /// ls: show the MD5 of what they have
    #[arg(long, global = true)]
    md5: bool,

    #[command(flatten)]
    timeout: Timeout,

    /// ls: print JSON
    #[arg(long, global = true)]
    json: bool,
}

/// A file on a mirror.
#[derive(Serialize)]
struct Holding<'a> {
    identifier: &'a str,
    region: &'a str,
    country: &'a str,
    score: i32,
    enabled: bool,
    status_baseurl: bool,
    path: String,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5: Option<String>,
    #[serde(skip)]
    mirror: &'a Server,
}

pub(super) fn run(
    path: &str,
    only: Option<&Server>,
    options: &Options,
    session: &mut Session,
) -> Result<(), Failure> {
    let connection = session.connection()?;
    let holders = filearr::holders(connection, &PathPattern::parse(path))?;
    let ids: HashSet<i32> = holders.iter().map(|(id, _)| *id).collect();
    let mirrors = server::with_ids(connection, &Vec::from_iter(ids))?;
    let mut holdings = holdings(holders, &mirrors, only);
    if options.probe || options.md5 {
        let answers = ask(&holdings, options, session)?;
        for (holding, answer) in holdings.iter_mut().zip(answers) {
            holding.http_code = answer.status;
            holding.md5 = answer.md5;
        }
    }
    let out = &mut session.out;
    if options.json {
        out.json(&holdings)?;
    } else if out.is_terminal() {
        out.table(&table(&holdings, options))?;
    } else {
        for holding in &holdings {
            out.line(holding.line(options))?;
        }
    }
    Ok(())
}

/// In the order in which they are shown.
fn holdings<'a>(
    holders: Vec<(i32, String)>,
    mirrors: &'a [Server],
    only: Option<&Server>,
) -> Vec<Holding<'a>> {
    let by_id: HashMap<i32, &Server> = mirrors.iter().map(|m| (m.id, m)).collect();
    let is_meant = |mirror: &&Server| only.is_none_or(|only| only.id == mirror.id);
    let holding = |(id, path): (i32, String)| {
        let mirror = by_id.get(&id).copied().filter(is_meant)?;
        Some(Holding {
            identifier: &mirror.identifier,
            region: &mirror.region,
            country: &mirror.country,
            score: mirror.score,
            enabled: mirror.enabled,
            status_baseurl: mirror.status_baseurl,
            url: join(&mirror.baseurl, &path),
            path,
            http_code: None,
            md5: None,
            mirror,
        })
    };
    let mut holdings: Vec<Holding<'_>> = holders.into_iter().filter_map(holding).collect();
    holdings.sort_by(|a, b| {
        let key = |h: &Holding<'a>| (h.region, h.country, Reverse(h.score), h.mirror.id);
        key(a).cmp(&key(b)).then_with(|| a.path.cmp(&b.path))
    });
    holdings
}

/// What the mirrors say; nothing if they do not have it.
fn ask(
    holdings: &[Holding<'_>],
    options: &Options,
    session: &mut Session,
) -> Result<Vec<Found>, Failure> {
    let wanted = Wanted {
        md5: options.md5,
        bytes: 0,
    };
    let client = Client::new(options.timeout.limit(wanted))?;
    let ask = |holding: &Holding<'_>| {
        let url = join_escaped(&holding.mirror.baseurl, &holding.path);
        client.fetch(&url, wanted)
    };
    let answers = match options.json {
        true => parallel::map(holdings, ask),
        false => with_dots(holdings, ask, session)?,
    };
    Ok(answers.into_iter().map(Result::unwrap_or_default).collect())
}

impl Holding<'_> {
    /// What scripts read.
    fn line(&self, options: &Options) -> String {
        let enabled = if self.enabled { "ok" } else { "disabled" };
        let alive = if self.status_baseurl { "ok" } else { "dead" };
        let mut line = format!(
            "{:<2} {:<2} {:>4} {enabled:<8} {alive:<4} {:<30} ",
            self.region, self.country, self.score, self.identifier
        );
        if options.probe || options.md5 {
            let code = self.http_code.map(|code| code.to_string());
            line.push_str(&format!("{:>4}", code.unwrap_or_default()));
        }
        if options.md5 {
            line.push_str(&format!(" {:<32}", self.md5.as_deref().unwrap_or_default()));
        }
        if options.url {
            line.push(' ');
            line.push_str(&self.url);
        }
        line
    }
}

/// What people read.
fn table(holdings: &[Holding<'_>], options: &Options) -> Table {
    let probes = options.probe || options.md5;
    let mut headings = vec!["region", "country", "score", "enabled", "alive", "mirror"];
    headings.extend(probes.then_some("HTTP"));
    headings.extend(options.md5.then_some("MD5"));
    headings.push(if options.url { "URL" } else { "path" });
    let mut table = Table::new(headings);
    for holding in holdings {
        let mut cells = vec![
            Cell::text(holding.region),
            Cell::text(holding.country),
            Cell::number(holding.score),
            Cell::state(holding.enabled, "yes", "no"),
            Cell::state(holding.status_baseurl, "yes", "no"),
            Cell::text(holding.identifier),
        ];
        if probes {
            let code = holding.http_code.map(|code| code.to_string());
            let good = code.clone().unwrap_or_default();
            cells.push(Cell::state(code.is_some(), &good, "missing"));
        }
        if options.md5 {
            cells.push(Cell::text(holding.md5.as_deref().unwrap_or_default()));
        }
        let last = if options.url {
            &holding.url
        } else {
            &holding.path
        };
        cells.push(Cell::text(last));
        table.row(cells);
    }
    table
}
