//! `mb show`

use crate::cli::Facts;
use crate::error::Failure;
use crate::mirror_text;
use crate::session::Session;
use clap::Args;

/// Arguments of `mb show`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The mirror, or a part of its name that no other has
    identifier: String,

    #[command(flatten)]
    facts: Facts,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let mirror = session.mirror(&arguments.identifier)?;
    if arguments.facts.json {
        session.out.json(&mirror)?;
    } else {
        session.out.line(mirror_text::show(&mirror))?;
    }
    Ok(())
}
