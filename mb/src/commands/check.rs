//! `mb check`

use crate::cli::Facts;
use crate::error::Failure;
use crate::output::{Cell, Table};
use crate::session::Session;
use clap::Args;
use mirror_files::Options;
use mirror_files::check::{Finding, Verdict, check};
use serde::Serialize;
use std::time::Duration;

/// Arguments of `mb check`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A mirror, or a part of its name that no other has; or a URL of HTTP, FTP or rsync, which needs no database
    #[arg(value_name = "MIRROR|URL")]
    of: String,

    /// A file below it, best a large one: whether it is there, and parts of it are delivered
    path: Option<String>,

    #[command(flatten)]
    facts: Facts,
}

/// The longest that one question may take.
const LIMIT: Duration = Duration::from_secs(120);

/// How long a server may say nothing.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Serialize)]
struct Row {
    url: String,
    what: &'static str,
    verdict: &'static str,
    text: String,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let urls = if arguments.of.contains("://") {
        vec![arguments.of.clone()]
    } else {
        let mirror = session.mirror(&arguments.of)?;
        let urls = [mirror.baseurl, mirror.baseurl_ftp, mirror.baseurl_rsync];
        let urls = urls.iter().filter_map(|url| url.split('#').next());
        urls.filter(|url| !url.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let options = Options {
        idle: PATIENCE,
        limit: LIMIT,
        user_agent: concat!("MirrorBrain mb/", env!("CARGO_PKG_VERSION")).to_owned(),
        ..Options::default()
    };
    let mut rows = Vec::new();
    for url in &urls {
        let findings = check(url, arguments.path.as_deref(), &options);
        rows.extend(findings.into_iter().map(|finding| row(url, finding)));
    }
    let out = &mut session.out;
    if arguments.facts.json {
        out.json(&rows)?;
    } else if out.is_terminal() {
        let mut table = Table::new(["", "what", "found", "url"]);
        for row in &rows {
            let state = Cell::state(row.verdict == "ok", row.verdict, row.verdict);
            let [what, text, url] = [row.what, &*row.text, &*row.url].map(Cell::text);
            table.row([state, what, text, url]);
        }
        out.table(&table)?;
    } else {
        for row in &rows {
            let Row {
                url,
                what,
                verdict,
                text,
            } = row;
            out.line(format_args!("{verdict:<8} {what:<8} {url}: {text}"))?;
        }
    }
    match rows.iter().any(|row| row.verdict == "error") {
        true => Err(Failure::quiet(1)),
        false => Ok(()),
    }
}

fn row(url: &str, finding: Finding) -> Row {
    let verdict = match finding.verdict {
        Verdict::Good => "ok",
        Verdict::Poor => "warning",
        Verdict::Bad => "error",
    };
    Row {
        url: url.to_owned(),
        what: finding.what,
        verdict,
        text: finding.text,
    }
}
