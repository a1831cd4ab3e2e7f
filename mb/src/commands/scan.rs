//! `mb scan`

mod directory;
mod due;
mod enable;
mod origin;
mod program;
mod report;

use crate::cli::Facts;
use crate::error::Failure;
use crate::session::{Session, warn};
use clap::{ArgAction, Args};
use mirror_db::tables::scan;
use mirror_db::tables::server::{self, Server};
use mirror_files::compare::{Guard, Tolerance};
use report::Report;
use scanner::{Options, Outcome, Rules, Settings};
use site_config::Instance;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Mirrors that are scanned at once, unless somebody says otherwise.
const JOBS: usize = 8;

/// Arguments of `mb scan`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The mirrors, or parts of their names that no others have, also those that are disabled
    identifiers: Vec<String>,

    /// Scan all mirrors that are enabled and alive
    #[arg(short, long)]
    all: bool,

    /// Enable each mirror whose scan succeeds
    #[arg(short, long)]
    enable: bool,

    /// How many mirrors are scanned at once [default: 8]; two on the same host or address never are
    #[arg(short, long, value_name = "N")]
    jobs: Option<usize>,

    /// Scan only this directory. Files that are gone are removed there, and nowhere else
    #[arg(short, long, value_name = "DIR", allow_hyphen_values = true)]
    directory: Option<String>,

    /// Say less; twice, nothing
    #[arg(short, long, action = ArgAction::Count)]
    quiet: u8,

    /// Say more
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,

    /// Look at the files of the origin: their sizes and times are what copies are measured by. With -a that
    /// comes first, if scan_origin says where they are
    #[arg(long, conflicts_with_all = ["identifiers", "directory", "enable"])]
    origin: bool,

    /// Look at these files only: a list, one path a line; - is standard input. Over rsync that is one connection
    #[arg(long, value_name = "FILE", conflicts_with_all = ["directory", "origin"])]
    files_from: Option<PathBuf>,

    /// Scan the mirrors that are due, and end when none is: for cron
    #[arg(long, conflicts_with_all = ["identifiers", "all", "directory", "enable", "origin", "files_from"])]
    due: bool,

    /// The same, but wait for the next one. Any number of machines may do so
    #[arg(long, conflicts_with_all = ["identifiers", "all", "directory", "enable", "origin", "files_from", "due"])]
    worker: bool,

    /// Remove what is gone, however much it is. Without this, a scan that would remove more than a third of a
    /// mirror's files, and more than 150, removes none, until another one finds the same
    #[arg(long)]
    force: bool,

    /// Read what mirrors have from the table of files itself: needed only after other programs have changed it
    #[arg(long)]
    full: bool,

    /// Run this program with the arguments of the original scanner instead
    #[arg(short = 'S', long, value_name = "PATH")]
    scanner: Option<PathBuf>,

    /// Handed on to that program
    #[arg(long)]
    sql_debug: bool,

    #[command(flatten)]
    facts: Facts,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let clock = Instant::now();
    let is_configured = session.instance()?.scan_origin.is_some();
    if arguments.origin || arguments.all && arguments.directory.is_none() && is_configured {
        origin::run(arguments, session)?;
        if arguments.origin && !arguments.all {
            return Ok(());
        }
    }
    if arguments.due || arguments.worker {
        return due::run(arguments, session);
    }
    let mut mirrors = mirrors(arguments, session)?;
    let subtree = arguments.directory.as_deref().map(squeezed);
    let mut skipped = Vec::new();
    let is_told = arguments.quiet < 2 && !arguments.facts.json;
    if let Some(directory) = subtree.as_deref()
        && mirrors.len() > 1
    {
        (mirrors, skipped) = directory::choose(mirrors, directory, is_told, session)?;
        if mirrors.is_empty() {
            if is_told {
                session.out.line("No mirror to scan. Exiting.")?;
            }
            return Ok(());
        }
        if is_told {
            completed(clock, session)?;
        }
    }
    let clock = Instant::now();
    if let Some(program) = &arguments.scanner {
        return program::run(program, arguments, &mirrors, session);
    }
    let outcomes = scan_mirrors(arguments, subtree, &mirrors, session)?;
    if is_told {
        if !skipped.is_empty() {
            session.out.line("Skipped mirrors:")?;
            session.out.line(directory::filled(&skipped))?;
        }
        completed(clock, session)?;
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.is_complete());
    match failed.count() {
        0 => Ok(()),
        _ => Err(Failure::quiet(1)),
    }
}

/// The mirrors that are meant.
fn mirrors(arguments: &Arguments, session: &mut Session) -> Result<Vec<Server>, Failure> {
    if !arguments.all && arguments.identifiers.is_empty() {
        return Err(Failure::new("no mirror to scan").hint("name some, or all of them with -a"));
    }
    let mut mirrors = if arguments.all {
        let mut mirrors = server::all(session.connection()?)?;
        mirrors.retain(|mirror| mirror.enabled && mirror.status_baseurl);
        // Those that wait longest, and before them those that were never scanned.
        mirrors.sort_by(|a, b| a.last_scan.cmp(&b.last_scan));
        mirrors
    } else {
        let mut mirrors = Vec::new();
        for name in &arguments.identifiers {
            let mirror = session.mirror(name)?;
            if !mirrors.contains(&mirror) {
                mirrors.push(mirror);
            }
        }
        mirrors
    };
    mirrors.retain(|mirror| {
        let is_everywhere = mirror.country == "**";
        if is_everywhere && !arguments.all {
            let name = &mirror.identifier;
            warn(format_args!(
                "{name}: is for all countries (**), and never scanned"
            ));
        }
        !is_everywhere
    });
    Ok(mirrors)
}

fn scan_mirrors(
    arguments: &Arguments,
    subtree: Option<String>,
    mirrors: &[Server],
    session: &mut Session,
) -> Result<Vec<Outcome>, Failure> {
    let mut options = options(session.instance()?)?;
    options.subtree = subtree.unwrap_or_default();
    options.force = arguments.force;
    options.full = arguments.full;
    if let Some(list) = &arguments.files_from {
        options.files = paths(list)?;
        if !scan::exists(session.connection()?)? {
            return Err(
                Failure::new("--files-from needs the tables of the migrations")
                    .hint("mb db migrate makes them"),
            );
        }
    }
    options.jobs = arguments.jobs.unwrap_or(JOBS).max(1);
    let database = session.connection_info()?;
    // What it has to say of the version, before anything else.
    session.connection()?;
    let enabling = match arguments.enable {
        true => Some(enable::Enabling::new(&database)?),
        false => None,
    };
    let report = Report::new(arguments, &options, mirrors, enabling, &mut session.out);
    let outcomes = scanner::run(&database, mirrors, &options, &report)?;
    report.end(mirrors, &outcomes)?;
    Ok(outcomes)
}

/// The paths of a list.
fn paths(list: &Path) -> Result<Vec<String>, Failure> {
    let text = match list.as_os_str() == "-" {
        true => std::io::read_to_string(std::io::stdin()),
        false => std::fs::read_to_string(list),
    };
    let text = text.map_err(|error| Failure::new(format!("{}: {error}", list.display())))?;
    let mut paths: Vec<String> = text
        .lines()
        .map(squeezed)
        .filter(|path| !path.is_empty())
        .collect();
    paths.sort_unstable();
    paths.dedup();
    match paths.is_empty() {
        true => Err(Failure::new(format!(
            "{}: there is no path in it",
            list.display()
        ))),
        false => Ok(paths),
    }
}

/// What the configuration file says.
fn options(instance: &Instance) -> Result<Options, Failure> {
    let mut rules = Rules::new(
        &instance.scan_top_include,
        &instance.scan_exclude,
        &instance.scan_exclude_rsync,
        &instance.allow_outdated,
    )
    .map_err(|error| Failure::new(format!("mirrorbrain.conf: {error}")))?;
    rules.tolerance = Tolerance {
        seconds: instance.scan_tolerance,
        refuses_newer: instance.scan_exact_times,
        outdated: 0,
    };
    let mut guard = Guard {
        least: instance.scan_removal_files,
        ..Guard::default()
    };
    if let Some(percent) = instance.scan_removal_percent {
        guard.share = (u64::from(percent), 100);
    }
    let patience = Duration::from_secs(instance.scan_timeout.max(1).into());
    Ok(Options {
        rules,
        guard,
        sources: Settings { patience },
        ..Options::default()
    })
}

/// A path without slashes at its ends, and one where there were several.
fn squeezed(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

fn completed(clock: Instant, session: &mut Session) -> Result<(), Failure> {
    let seconds = clock.elapsed().as_secs();
    Ok(session
        .out
        .line(format_args!("Completed in {seconds} seconds"))?)
}
