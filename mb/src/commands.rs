//! The commands: one file each, with its arguments and what it does.

pub mod commentadd;
pub mod delete;
pub mod disable;
pub mod enable;
pub mod instances;
pub mod later;
pub mod list;
pub mod rename;
pub mod score;
pub mod show;

use crate::cli::Command;
use crate::error::Failure;
use crate::session::Session;

/// Does what was asked for.
///
/// # Errors
/// What the command could not do.
pub fn run(command: Command, session: &mut Session) -> Result<(), Failure> {
    match command {
        Command::Instances(arguments) => instances::run(&arguments, session),
        Command::List(arguments) => list::run(&arguments, session),
        Command::Show(arguments) => show::run(&arguments, session),
        Command::Enable(arguments) => enable::run(&arguments, session),
        Command::Disable(arguments) => disable::run(&arguments, session),
        Command::Score(arguments) => score::run(&arguments, session),
        Command::Rename(arguments) => rename::run(&arguments, session),
        Command::Delete(arguments) => delete::run(&arguments, session),
        Command::Commentadd(arguments) => commentadd::run(&arguments, session),
        Command::Scan(_) => later::run("scan"),
        Command::Probe(_) => later::run("probe"),
        Command::Makehashes(_) => later::run("makehashes"),
    }
}
