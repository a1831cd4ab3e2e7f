#![forbid(unsafe_code)]
//! Fills the table `pfx2asn` from files with prefixes and AS numbers; see docs/asn.md.

mod input;
mod networks;
mod store;

use asn_import::line;
use indicatif::{ProgressBar, ProgressStyle};
use lexopt::prelude::{Long, Short, Value};
use mirror_db::ConnectionInfo;
use networks::Networks;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: asn-import [--database PARAMS] [--dry-run] FILE...

Replaces the contents of the table pfx2asn by the networks of the files, in one transaction:
readers see the old or the new table, never an empty one.

  FILE                plain or gzipped; - is standard input. Understood, line by line:
                        prefix <tab> length <tab> AS     RouteViews pfx2as (CAIDA)
                        AS <tab> prefix/length <tab> n   RIPE RIS riswhoisdump
                        start,end,AS                     also with tabs: iptoasn.com
                        prefix/length,AS                 GeoLite2-ASN-Blocks
  --database PARAMS   libpq connection string, as in DBDParams; what it leaves out comes from
                      PGHOST, PGDATABASE, ... like in psql
  --dry-run           read and count, but leave the database alone
";

struct Arguments {
    database: String,
    dry_run: bool,
    files: Vec<PathBuf>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("asn-import: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let Some(arguments) = arguments()? else {
        print!("{USAGE}");
        return Ok(());
    };
    // A wrong connection string is better known before minutes of reading.
    let database = ConnectionInfo::parse(&arguments.database)?;
    let mut networks = Networks::default();
    for file in &arguments.files {
        input::read(file, &mut networks).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    println!("{networks}");
    if networks.is_empty() {
        return Err("the files hold no network, so the table stays as it is".into());
    }
    if arguments.dry_run {
        return Ok(());
    }
    let bar = ProgressBar::new(networks.len() as u64);
    bar.set_style(ProgressStyle::with_template(
        "{msg:20} {wide_bar} {human_pos}/{human_len}",
    )?);
    let outcome = store::replace(&database, &networks, &bar)?;
    bar.finish_and_clear();
    println!("{outcome}");
    Ok(())
}

/// `None` asks for help.
fn arguments() -> Result<Option<Arguments>, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut arguments = Arguments {
        database: String::new(),
        dry_run: false,
        files: Vec::new(),
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Long("database") | Short('d') => {
                arguments.database = parser.value()?.into_string()?;
            }
            Long("dry-run") | Short('n') => arguments.dry_run = true,
            Long("help") | Short('h') => return Ok(None),
            Value(file) => arguments.files.push(file.into()),
            other => return Err(other.unexpected()),
        }
    }
    if arguments.files.is_empty() {
        return Err("no file given; --help tells more".into());
    }
    Ok(Some(arguments))
}
