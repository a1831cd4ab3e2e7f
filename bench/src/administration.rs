//! What the commands of `mb` take on a large site, beside PostgreSQL alone with the same statements.

mod site;
mod statements;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use harness::command::run;

use crate::child::{Taken, measure};
use crate::dataset;
use crate::report::megabytes;
use crate::site::start_cluster;
use site::{MARKERS, Site};

/// A run that takes longer than this, in seconds, is not repeated.
const LONG: f64 = 10.0;

/// What another `mb` has for a command, in seconds.
const LIMIT: &str = "300";

/// What is measured.
const COMMANDS: [&[&str]; 15] = [
    &["list"],
    &["list", "--prio", "--country", "--asn", "-H"],
    &["list", "-N", "mirror5000."],
    &["list", "-N"],
    &["show", "mirror5000."],
    &["file", "ls", "-u", "@FILE@"],
    &["file", "ls", "-u", "*-012345*"],
    &["dirs"],
    &["dirs", "-s", "3"],
    &["dirs", "mirror5000."],
    &["dirs", "-d", "pub/repo03/dir00"],
    &["export", "--format", "mirmon"],
    &["export", "--format", "postgresql"],
    &["mirrorlist", "-f", "txt2"],
    &["mirrorlist", "-f", "xhtml"],
];

/// A row of the table.
struct Line {
    command: String,
    lines: usize,
    mb: Taken,
    psql: Taken,
    /// `None` if it does not come to an end.
    other: Option<Option<Taken>>,
}

/// Runs each command so many times, `mb`, `psql` and, if there is one, another `mb` in turn, and returns
/// the medians as a table.
pub fn run_all(rounds: usize, other: Option<&str>) -> String {
    let cluster = start_cluster();
    let site = Site::new(&cluster);
    let mut text = format!(
        "{} mirrors; {} files, each on {} to {} mirrors; {MARKERS} markers.\n\n",
        site::MIRRORS,
        site::FILES,
        site::COPIES.start(),
        site::COPIES.end(),
    );
    text.push_str(&heading(other.is_some()));
    for arguments in COMMANDS {
        let line = Line::measure(arguments, &site, rounds, other);
        eprint!("{}", line.text());
        text.push_str(&line.text());
    }
    text
}

impl Line {
    fn measure(arguments: &[&str], site: &Site<'_>, rounds: usize, other: Option<&str>) -> Self {
        let file = dataset::path(site::FILES / 2);
        let arguments: Vec<&str> = arguments
            .iter()
            .map(|argument| {
                if *argument == "@FILE@" {
                    &file
                } else {
                    *argument
                }
            })
            .collect();
        let mb = site.command(&site.mb, &arguments);
        let lines = run(&mut site.command(&site.mb, &arguments)).lines().count();
        let script = site.directory().join("statements.sql");
        fs::write(&script, site.statements(&mb)).expect("statements");
        let psql = site.psql(&script);
        let other = other.map(|program| {
            let call = site.command(Path::new(program), &arguments);
            let mut command = Command::new("timeout");
            command.arg(LIMIT).arg(program).args(call.get_args());
            command
        });
        let (mut ours, mut psqls, mut others) = (Vec::new(), Vec::new(), Vec::new());
        let mut ends = true;
        for _ in 0..rounds {
            assert!(repeat(&mut ours, &mb), "{mb:?}");
            assert!(repeat(&mut psqls, &psql), "{psql:?}");
            ends = ends
                && other
                    .as_ref()
                    .is_none_or(|other| repeat(&mut others, other));
        }
        Self {
            command: arguments.join(" "),
            lines,
            mb: Taken::median(&ours),
            psql: Taken::median(&psqls),
            other: other.map(|_| ends.then(|| Taken::median(&others))),
        }
    }

    fn text(&self) -> String {
        let Self { mb, psql, .. } = self;
        let mut text = format!(
            "| {:<66} | {:>6} | {:>7.3} | {:>7.3} | {:>6.2} | {:>6.3} | {:>6.1} | {:>7.1} |",
            format!("`mb {}`", self.command),
            self.lines,
            mb.wall,
            psql.wall,
            mb.wall / psql.wall,
            mb.cpu,
            megabytes(mb.memory),
            megabytes(psql.memory),
        );
        match &self.other {
            None => Ok(()),
            Some(None) => write!(
                text,
                " {:>8} | {:>6} | {:>8} |",
                format!("> {LIMIT}"),
                "",
                ""
            ),
            Some(Some(other)) => {
                let times = other.wall / mb.wall;
                let memory = megabytes(other.memory);
                write!(
                    text,
                    " {:>8.3} | {times:>6.1} | {memory:>8.1} |",
                    other.wall
                )
            }
        }
        .expect("a string");
        text.push('\n');
        text
    }
}

fn heading(has_other: bool) -> String {
    let mut text = format!(
        "| {:<66} | {:>6} | {:>7} | {:>7} | {:>6} | {:>6} | {:>6} | {:>7} |",
        "command", "lines", "mb s", "psql s", "ratio", "CPU s", "mb MB", "psql MB"
    );
    if has_other {
        text.push_str("  other s |  times | other MB |");
    }
    let rule: String = text
        .split('|')
        .enumerate()
        .map(|(column, cell)| match (column, cell.len()) {
            (_, 0) => "|".to_owned(),
            (1, width) => "-".repeat(width) + "|",
            (_, width) => "-".repeat(width - 1) + ":|",
        })
        .collect();
    format!("{text}\n{}\n", rule.strip_suffix('|').unwrap_or(&rule))
}

/// Runs a program once more, unless that takes long. Whether it worked.
fn repeat(runs: &mut Vec<Taken>, program: &Command) -> bool {
    if runs.last().is_some_and(|taken| taken.wall > LONG) {
        return true;
    }
    let taken = measure(program);
    runs.extend(taken);
    taken.is_some()
}
