//! `mb instances`

use crate::cli::Facts;
use crate::error::Failure;
use crate::session::Session;
use clap::Args;

/// Arguments of `mb instances`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    facts: Facts,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    // The one that was asked for must be there, as for any command.
    session.instance()?;
    let instances = session.config()?.instances.iter();
    let names: Vec<String> = instances.map(|instance| instance.name.clone()).collect();
    if arguments.facts.json {
        session.out.json(&names)?;
        return Ok(());
    }
    for name in names {
        session.out.line(name)?;
    }
    Ok(())
}
