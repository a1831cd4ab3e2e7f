//! `mb db`: what concerns the database as a whole.

mod schema;
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
    /// Make all tables in an empty database
    Init(schema::Init),
    /// Bring the tables up to date; what is there stays as it is
    Migrate(schema::Migrate),
    /// Compare the tables with what they should be
    Check(schema::Check),
    /// Remove files that are on no mirror
    Vacuum(vacuum::Arguments),
    /// Show what the tables take
    Sizes(sizes::Arguments),
    /// Open psql on the database
    Shell,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let Arguments { dry_run, quiet, .. } = *arguments;
    match &arguments.action {
        Action::Init(arguments) => schema::init(arguments, dry_run, quiet, session),
        Action::Migrate(arguments) => schema::migrate(arguments, dry_run, quiet, session),
        Action::Check(arguments) => schema::check(arguments, session),
        Action::Vacuum(arguments) => vacuum::run(arguments, dry_run, quiet, session),
        Action::Sizes(sizes) => sizes::run(sizes, session),
        Action::Shell => shell::run(session),
    }
}
