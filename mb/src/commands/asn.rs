//! `mb asn`

mod import;

use crate::error::Failure;
use crate::session::Session;
use clap::{Args, Subcommand};

/// Arguments of `mb asn`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

/// What to do with the networks.
#[derive(Debug, Subcommand)]
enum Action {
    /// Fill the table of networks from files
    Import(import::Arguments),
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    match &arguments.action {
        Action::Import(arguments) => import::run(arguments, session),
    }
}
