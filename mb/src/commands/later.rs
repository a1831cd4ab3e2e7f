//! Commands that are not there yet.

use crate::error::Failure;
use clap::Args;

/// Whatever will be understood.
#[derive(Debug, Args)]
pub struct Arguments {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    arguments: Vec<String>,
}

pub(super) fn run(name: &str) -> Result<(), Failure> {
    Err(Failure::new(format!("{name} comes with a later version")))
}
