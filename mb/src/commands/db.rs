//! `mb db`: what concerns the database as a whole.

mod shell;
mod sizes;
mod vacuum;

use crate::error::Failure;
use crate::session::Session;
use clap::{Args, Subcommand};

/// Arguments of `mb db`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,

    /// Only tell what would be done
    #[arg(short = 'n', long, global = true)]
    dry_run: bool,

    /// Say nothing
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Remove files that are on no mirror
    Vacuum,
    /// Show what the tables take
    Sizes(sizes::Arguments),
    /// Open psql on the database
    Shell,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    match &arguments.action {
        Action::Vacuum => vacuum::run(arguments.dry_run, arguments.quiet, session),
        Action::Sizes(sizes) => sizes::run(sizes, session),
        Action::Shell => shell::run(session),
    }
}
