//! `mb man`

use crate::cli::Cli;
use crate::error::Failure;
use crate::session::Session;
use clap::{Args, CommandFactory};
use std::path::PathBuf;

/// Arguments of `mb man`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The directory, such as /usr/share/man/man1; mb.1 and a page for each command are written
    directory: PathBuf,

    /// Only tell what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let directory = &arguments.directory;
    if arguments.dry_run {
        let name = directory.display();
        session
            .out
            .line(format_args!("Would write mb.1 and others to {name}"))?;
        return Ok(());
    }
    clap_mangen::generate_to(Cli::command(), directory)
        .map_err(|e| Failure::new(format!("{}: {e}", directory.display())))
}
