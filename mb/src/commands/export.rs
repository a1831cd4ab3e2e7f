//! `mb export`

mod mirmon;
mod postgresql;
mod vcs;

use crate::error::Failure;
use crate::session::Session;
use clap::{Args, ValueEnum};
use mirror_db::tables::server;
use std::path::PathBuf;

/// Arguments of `mb export`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT", required = true)]
    format: Format,

    /// vcs: the working copy to write into
    #[arg(long, value_name = "DIR")]
    target_dir: Option<PathBuf>,

    /// vcs: commit what has changed
    #[arg(long, value_enum, value_name = "VCS")]
    commit: Option<vcs::System>,

    /// vcs: only tell what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// django: no longer used
    #[arg(long, value_name = "NAME", hide = true)]
    project: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Country, URL and address of each enabled mirror, for mirmon
    Mirmon,
    /// The same with the protocol in front
    MirmonApache,
    /// INSERT statements
    Postgresql,
    /// All that is known of them, as mb show --json has it
    Json,
    /// A file for each mirror in a working copy of Subversion or Git
    Vcs,
    /// No longer there
    #[value(hide = true)]
    Django,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    match arguments.format {
        Format::Django => Err(Failure::new("export --format django is no more")
            .hint("its application no longer exists; --format postgresql has the same facts")),
        Format::Vcs => {
            let target = arguments.target_dir.as_deref().ok_or_else(|| {
                Failure::new("export to which working copy?").hint("name it: --target-dir DIR")
            })?;
            vcs::check(target)?;
            let mirrors = server::all(session.connection()?)?;
            let export = vcs::Export {
                target,
                commit: arguments.commit,
                dry_run: arguments.dry_run,
            };
            export.run(&mirrors, &mut session.out)
        }
        Format::Json => {
            let mirrors = server::all(session.connection()?)?;
            Ok(session.out.json(&mirrors)?)
        }
        format => {
            let mirrors = server::all(session.connection()?)?;
            let lines = match format {
                Format::Mirmon => mirmon::lines(&mirrors, false),
                Format::MirmonApache => mirmon::lines(&mirrors, true),
                _ => postgresql::statements(&mirrors),
            };
            for line in lines {
                session.out.line(line)?;
            }
            Ok(())
        }
    }
}
