#![forbid(unsafe_code)]
//! `mb`, the administration tool of a MirrorBrain site.
//!
//! It alone knows the terminal, the environment, the configuration file and the exit status; what it
//! does is in the crates below it. [`cli`] is the table of arguments, from which help, manual pages
//! and completions are made; [`commands`] has one file for each command.
//!
//! In a pipe the output is that of MirrorBrain 2.19 to the byte, since scripts read it; on a terminal
//! it is made for people, and with `--json` for programs: see [`output`].

pub mod cli;
pub mod commands;
mod editor;
pub mod error;
mod fetch;
mod files;
pub mod host;
pub mod mirror_text;
pub mod output;
mod parallel;
pub mod places;
pub mod python;
pub mod session;
mod time;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use error::Failure;
use session::Session;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match run(&by_name(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            ExitCode::from(failure.status())
        }
    }
}

/// Programs of their own in the original: links with these names do the same.
const PROGRAMS: [&str; 2] = ["geoiplookup_continent", "geoiplookup_city"];

/// Has the name of the program be the command, where it is one.
fn by_name(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let program = arguments.first().map(Path::new).and_then(Path::file_name);
    let known = PROGRAMS
        .iter()
        .find(|name| program == Some(OsStr::new(name)));
    if let Some(name) = known {
        arguments.insert(1, name.into());
    }
    arguments
}

/// Whether a flag was given to the command or to one below it.
fn has_flag(matches: &ArgMatches, name: &str) -> bool {
    matches.subcommand().is_some_and(|(_, matches)| {
        let flag = matches.try_get_one(name).ok().flatten();
        flag == Some(&true) || has_flag(matches, name)
    })
}

/// Commands that MirrorBrain 2.19 had not.
const NEW: [&str; 6] = ["asn", "completions", "doctor", "init", "man", "verify"];

/// How a call ends that makes no sense: scripts know 1 from the original's commands.
fn usage_status(arguments: &[OsString]) -> u8 {
    let lenient = cli::Cli::command().ignore_errors(true);
    let matches = lenient.try_get_matches_from(arguments).ok();
    let name = matches.as_ref().and_then(ArgMatches::subcommand_name);
    if name.is_some_and(|name| NEW.contains(&name)) {
        2
    } else {
        1
    }
}

fn run(arguments: &[OsString]) -> Result<(), Failure> {
    let parsed = cli::Cli::command()
        .try_get_matches_from(arguments)
        .and_then(|matches| Ok((cli::Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) if error.use_stderr() => {
            return Err(Failure::usage(&error, usage_status(arguments)));
        }
        Err(help) => return print(help.render()),
    };
    let Some(command) = cli.command else {
        return print(cli::Cli::command().render_help());
    };
    let mut session = Session::new(
        cli.global,
        has_flag(&matches, "json"),
        has_flag(&matches, "dry_run"),
    );
    let outcome = commands::run(command, &mut session);
    // What was printed before a failure is printed all the same.
    let flushed = session.out.flush();
    outcome.and(flushed.map_err(Failure::from))
}

/// Prints what clap has to say, with its colours on a terminal.
fn print(help: clap::builder::StyledStr) -> Result<(), Failure> {
    let choice = anstream::AutoStream::choice(&std::io::stdout());
    let mut text = anstream::AutoStream::new(Vec::new(), choice);
    write!(text, "{}", help.ansi())?;
    let mut out = output::Output::new();
    out.styled(&text.into_inner())?;
    Ok(out.flush()?)
}
