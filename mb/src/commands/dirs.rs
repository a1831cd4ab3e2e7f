//! `mb dirs`

use crate::cli::Facts;
use crate::error::Failure;
use crate::session::Session;
use clap::Args;
use mirror_db::tables::{filearr, server};
use std::collections::HashSet;

/// Arguments of `mb dirs`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Those of this mirror, or a part of its name that no other has [default: of all files]
    identifier: Option<String>,

    /// How many parts of the paths are shown
    #[arg(
        short = 's',
        long,
        value_name = "N",
        default_value_t = 2,
        value_parser = clap::value_parser!(i32).range(1..)
    )]
    segments: i32,

    /// The mirrors that have files whose paths begin with this
    #[arg(short, long, value_name = "PATH", allow_hyphen_values = true)]
    dir: Option<String>,

    /// The mirrors that have none of the files whose paths begin with this
    #[arg(long, value_name = "PATH", allow_hyphen_values = true)]
    missing: Option<String>,

    #[command(flatten)]
    facts: Facts,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let lines = match (&arguments.dir, &arguments.missing) {
        (Some(path), _) => mirrors(path, true, session)?,
        (None, Some(path)) => mirrors(path, false, session)?,
        (None, None) => {
            let mirror = match &arguments.identifier {
                Some(name) => Some(session.mirror(name)?.id),
                None => None,
            };
            filearr::directories(session.connection()?, arguments.segments, mirror)?
        }
    };
    if arguments.facts.json {
        session.out.json(&lines)?;
        return Ok(());
    }
    for line in lines {
        session.out.line(line)?;
    }
    Ok(())
}

/// The enabled mirrors that have something there, or have nothing of it.
fn mirrors(path: &str, has: bool, session: &mut Session) -> Result<Vec<String>, Failure> {
    let connection = session.connection()?;
    let Some(holders) = filearr::mirrors_below(connection, path)? else {
        return Ok(Vec::new());
    };
    let mut mirrors = if has {
        server::with_ids(connection, &holders)?
    } else {
        let holders: HashSet<i32> = holders.into_iter().collect();
        let mut mirrors = server::all(connection)?;
        mirrors.retain(|mirror| !holders.contains(&mirror.id));
        mirrors
    };
    mirrors.retain(|mirror| mirror.enabled);
    Ok(mirrors.into_iter().map(|m| m.identifier).collect())
}
