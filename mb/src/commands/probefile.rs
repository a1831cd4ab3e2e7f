//! `mb probefile`

use crate::cli::Facts;
use crate::error::Failure;
use crate::fetch::{Client, FetchError, Found, Timeout, Wanted, join, join_escaped};
use crate::output::{Cell, Table};
use crate::parallel;
use crate::python::repr;
use crate::session::Session;
use clap::{Args, ValueEnum};
use mirror_db::tables::server::{self, Server};
use serde::Serialize;

/// The most of a file that is shown: it stays in memory until all mirrors have answered.
const MOST_CONTENT: u64 = 1 << 20;

/// Arguments of `mb probefile`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file, below the base URL
    path: String,

    /// Ask all mirrors, also those that are disabled or dead
    #[arg(short, long)]
    all_mirrors: bool,

    /// Ask this mirror only, or a part of its name that no other has
    #[arg(short, long, value_name = "IDENTIFIER")]
    mirror: Option<String>,

    /// Leave out who does not have it
    #[arg(short = 'n', long)]
    hide_negative: bool,

    /// Which of the mirror's URLs are asked
    #[arg(long, value_enum, value_name = "KIND", default_value_t = Urls::Scan)]
    urls: Urls,

    /// Show the MD5 of what they have
    #[arg(long)]
    md5: bool,

    /// Show what they have
    #[arg(long)]
    content: bool,

    #[command(flatten)]
    timeout: Timeout,

    #[command(flatten)]
    facts: Facts,
}

/// Which URLs of a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Urls {
    /// The one that it is scanned by: rsync, else FTP, else HTTP
    Scan,
    /// The base URL
    Http,
    /// All of them
    All,
}

impl Urls {
    fn of(self, mirror: &Server) -> Vec<&str> {
        let (http, ftp, rsync) = (
            &*mirror.baseurl,
            &*mirror.baseurl_ftp,
            &*mirror.baseurl_rsync,
        );
        let there = |urls: [_; 3]| urls.into_iter().filter(|url: &&str| !url.is_empty());
        match self {
            Self::Scan => there([rsync, ftp, http]).take(1).collect(),
            Self::Http => there([http, "", ""]).collect(),
            Self::All => there([http, ftp, rsync]).collect(),
        }
    }
}

/// One question to one mirror.
struct Probe<'a> {
    mirror: &'a Server,
    base: &'a str,
}

/// A probe and its answer, as JSON has it.
#[derive(Serialize)]
struct Probed<'a> {
    identifier: &'a str,
    url: String,
    has_file: bool,
    http_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    error: Option<String>,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let path = arguments.path.trim_start_matches('/');
    let mirrors = mirrors(arguments, session)?;
    let probes: Vec<Probe<'_>> = mirrors
        .iter()
        .flat_map(|mirror| {
            let urls = arguments.urls.of(mirror).into_iter();
            urls.map(move |base| Probe { mirror, base })
        })
        .collect();
    let wanted = Wanted {
        md5: arguments.md5,
        bytes: if arguments.content { MOST_CONTENT } else { 0 },
    };
    let client = Client::new(arguments.timeout.limit(wanted))?;
    let ask = |probe: &Probe<'_>| client.fetch(&join_escaped(probe.base, path), wanted);
    let answers = if arguments.facts.json {
        parallel::map(&probes, ask)
    } else {
        with_dots(&probes, ask, session)?
    };
    let answers = probes.iter().zip(answers);
    let shown: Vec<Probed<'_>> = answers
        .map(|(probe, answer)| probe.answered(path, answer, arguments.content))
        .filter(|probed| probed.has_file || !arguments.hide_negative)
        .collect();
    let out = &mut session.out;
    if arguments.facts.json {
        out.json(&shown)?;
    } else if out.is_terminal() {
        out.table(&table(arguments, &shown))?;
    } else {
        for probed in &shown {
            out.line(probed.line(arguments.md5))?;
            if let Some(content) = &probed.content {
                out.line(content)?;
            }
        }
        let found = shown.iter().filter(|probed| probed.has_file).count();
        out.line(format_args!("Found: {found}"))?;
    }
    Ok(())
}

fn mirrors(arguments: &Arguments, session: &mut Session) -> Result<Vec<Server>, Failure> {
    if let Some(name) = &arguments.mirror {
        return Ok(vec![session.mirror(name)?]);
    }
    let mut mirrors = server::in_table_order(session.connection()?)?;
    mirrors.retain(|mirror| arguments.all_mirrors || (mirror.enabled && mirror.status_baseurl));
    Ok(mirrors)
}

/// Asks all, with a dot for each answer as it comes.
pub(super) fn with_dots<T: Sync>(
    probes: &[T],
    ask: impl Fn(&T) -> Result<Found, FetchError> + Sync,
    session: &mut Session,
) -> Result<Vec<Result<Found, FetchError>>, Failure> {
    let out = &mut session.out;
    let mut written = Ok(());
    let answers = parallel::map_and_tell(probes, ask, || {
        written = std::mem::replace(&mut written, Ok(()))
            .and_then(|()| out.text("."))
            .and_then(|()| out.flush());
    });
    written?;
    session.out.line("")?;
    Ok(answers)
}

impl<'a> Probe<'a> {
    fn answered(&self, path: &str, answer: Result<Found, FetchError>, content: bool) -> Probed<'a> {
        let found = answer.as_ref().ok();
        Probed {
            identifier: &self.mirror.identifier,
            url: join(self.base, path),
            has_file: found.is_some(),
            http_code: found.and_then(|found| found.status),
            md5: found.and_then(|found| found.md5.clone()),
            content: found.filter(|_| content).map(|found| repr(&found.content)),
            error: answer.err().map(|error| error.to_string()),
        }
    }
}

impl Probed<'_> {
    fn line(&self, with_md5: bool) -> String {
        let md5 = match with_md5 {
            true => format!("{:<32} ", self.md5.as_deref().unwrap_or_default()),
            false => String::new(),
        };
        let code = self.http_code.map(|code| format!(" http={code}"));
        format!(
            "{} {:<30} {md5}{}{}",
            u8::from(self.has_file),
            self.identifier,
            self.url,
            code.unwrap_or_default()
        )
    }
}

fn table(arguments: &Arguments, probes: &[Probed<'_>]) -> Table {
    let mut headings = vec!["file", "mirror", "URL", "answer"];
    headings.extend(arguments.md5.then_some("MD5"));
    headings.extend(arguments.content.then_some("content"));
    let mut table = Table::new(headings);
    for probed in probes {
        let answer = match (&probed.error, probed.http_code) {
            (Some(error), _) => error.clone(),
            (None, Some(code)) => code.to_string(),
            (None, None) => "ok".to_owned(),
        };
        let optional = |text: &Option<String>| Cell::text(text.as_deref().unwrap_or_default());
        let mut cells = vec![
            Cell::state(probed.has_file, "yes", "no"),
            Cell::text(probed.identifier),
            Cell::text(&probed.url),
            Cell::text(answer),
        ];
        cells.extend(arguments.md5.then(|| optional(&probed.md5)));
        cells.extend(arguments.content.then(|| optional(&probed.content)));
        table.row(cells);
    }
    table
}
