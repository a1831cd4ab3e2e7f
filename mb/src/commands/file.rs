//! `mb file`: which mirrors have a file.

mod ls;

use crate::error::Failure;
use crate::session::Session;
use clap::{Args, Subcommand};
use mirror_db::tables::columns::Columns;
use mirror_db::tables::{filearr, scan};

/// Arguments of `mb file`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,

    /// The mirror, or a part of its name that no other has
    #[arg(short, long, value_name = "IDENTIFIER", global = true)]
    mirror: Option<String>,

    #[command(flatten)]
    listing: ls::Options,

    /// Only tell what would be done
    #[arg(short = 'n', long, global = true)]
    dry_run: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the mirrors that have a file
    Ls {
        /// The file; * and % stand for anything
        path: String,
    },
    /// Say that a mirror has a file
    Add {
        /// The file
        path: String,
    },
    /// Say that a mirror does not have a file
    Rm {
        /// The file
        path: String,
    },
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let mirror = match &arguments.mirror {
        Some(name) => Some(session.mirror(name)?),
        None => None,
    };
    let (path, adds) = match &arguments.action {
        Action::Ls { path } => {
            return ls::run(
                below_root(path),
                mirror.as_ref(),
                &arguments.listing,
                session,
            );
        }
        Action::Add { path } => (below_root(path), true),
        Action::Rm { path } => (below_root(path), false),
    };
    let mirror = mirror.ok_or_else(|| {
        Failure::new("of which mirror?").hint("name it: --mirror IDENTIFIER, or -m")
    })?;
    if path.is_empty() {
        return Err(Failure::new("the path is empty"));
    }
    let verb = if adds { "add" } else { "remove" };
    let what = format!("{verb} {path} for {}", mirror.identifier);
    session.change(arguments.dry_run, what, |connection| {
        if adds {
            check_width(path, &Columns::of(connection, "filearr")?)?;
            filearr::add(connection, mirror.id, path)?;
        } else {
            filearr::remove(connection, mirror.id, path)?;
        }
        // What a scan has left says otherwise now.
        if scan::exists(connection)? {
            scan::forget_snapshot(connection, mirror.id)?;
        }
        Ok(())
    })
}

/// Paths in the database have no slash in front.
fn below_root(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path)
}

fn check_width(path: &str, columns: &Columns) -> Result<(), Failure> {
    let length = path.chars().count();
    match columns.width("path") {
        Some(width) if length > width => Err(Failure::new(format!(
            "the path has {length} characters, but the database holds {width}"
        ))),
        _ => Ok(()),
    }
}
