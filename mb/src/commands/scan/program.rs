//! `mb scan -S`: another program in the place of ours.

use super::Arguments;
use crate::error::Failure;
use crate::session::Session;
use mirror_db::tables::server::Server;
use std::path::Path;
use std::process::Command;

/// Runs it with the arguments that the original gave to its scanner, and without a shell.
pub(super) fn run(
    program: &Path,
    arguments: &Arguments,
    mirrors: &[Server],
    session: &mut Session,
) -> Result<(), Failure> {
    let mut command = Command::new(program);
    if let Some(instance) = session.chosen_instance() {
        command.args(["-b", instance]);
    }
    if arguments.sql_debug {
        command.arg("-S");
    }
    command.args((0..arguments.verbose).map(|_| "-v"));
    command.args((0..arguments.quiet).map(|_| "-q"));
    if arguments.enable {
        command.arg("-e");
    }
    if let Some(directory) = &arguments.directory {
        command.args(["-d", directory]);
    }
    match arguments.jobs {
        Some(jobs) => command.args(["-j", &jobs.to_string()]),
        None => command.arg("-f"),
    };
    let instance = session.instance()?;
    for (option, patterns) in [
        ("-I", &instance.scan_top_include),
        ("--exclude", &instance.scan_exclude),
        ("--exclude-rsync", &instance.scan_exclude_rsync),
    ] {
        for pattern in patterns {
            command.args([option, pattern]);
        }
    }
    command.args(mirrors.iter().map(|mirror| &*mirror.identifier));
    session.out.flush()?;
    let status = command
        .status()
        .map_err(|error| Failure::new(format!("{}: {error}", program.display())))?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure::new(format!("{}: {status}", program.display()))),
    }
}
