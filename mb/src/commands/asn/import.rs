//! `mb asn import`

use crate::cli::{Changes, Facts};
use crate::error::Failure;
use crate::output::Bars;
use crate::session::{Session, read_connection};
use asn::import::{Networks, Outcome, read, read_from, replace};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// Replaces the contents of the table pfx2asn by the networks of the files, in one transaction: readers
/// see the old or the new table, never an empty one.
///
/// Understood, plain or compressed with gzip or bzip2, told apart line by line:
///
///   prefix <tab> length <tab> AS     RouteViews pfx2as (CAIDA)
///   AS <tab> prefix/length <tab> n   RIPE RIS riswhoisdump
///   start,end,AS                     also with tabs: iptoasn.com
///   prefix/length,AS                 GeoLite2-ASN-Blocks
///   MRT (RFC 6396)                   routing tables of RouteViews and RIPE RIS
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// Files; - is standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// Another database than the instance's: a connection string of libpq, as in DBDParams
    #[arg(short = 'd', long, value_name = "PARAMS")]
    database: Option<String>,

    #[command(flatten)]
    facts: Facts,

    #[command(flatten)]
    changes: Changes,
}

/// What became of the table, for programs.
#[derive(Serialize)]
struct Imported {
    read: usize,
    rows: usize,
    added: u64,
    gone: u64,
    left_out_as_number_too_large: usize,
    left_out_not_ipv4: usize,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    // A wrong connection string is better known before minutes of reading.
    let database = match &arguments.database {
        Some(text) => {
            read_connection(text).map_err(|e| Failure::new(format!("--database: {e}")))?
        }
        None => session.connection_info()?,
    };
    let bars = Bars::default();
    let mut networks = Networks::default();
    for file in &arguments.files {
        let result = if file.as_os_str() == "-" {
            read_from(std::io::stdin().lock(), None, file, &mut networks, &bars)
        } else {
            read(file, &mut networks, &bars)
        };
        result.map_err(|e| Failure::new(format!("{}: {e}", file.display())))?;
    }
    if !arguments.facts.json {
        session.out.line(&networks)?;
        session.out.flush()?;
    }
    if networks.is_empty() {
        return Err(Failure::new(
            "the files hold no network, so the table stays as it is",
        ));
    }
    if arguments.changes.dry_run {
        return Ok(());
    }
    let outcome = replace(&database, &networks, &bars)?;
    if arguments.facts.json {
        return Ok(session.out.json(&Imported::new(&networks, &outcome))?);
    }
    Ok(session.out.line(outcome)?)
}

impl Imported {
    fn new(networks: &Networks, outcome: &Outcome) -> Self {
        Self {
            read: networks.len(),
            rows: outcome.rows,
            added: outcome.added,
            gone: outcome.gone,
            left_out_as_number_too_large: outcome.too_large,
            left_out_not_ipv4: outcome.not_ipv4,
        }
    }
}
