//! `mb completions`

use crate::cli::Cli;
use crate::error::Failure;
use crate::session::Session;
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

/// Arguments of `mb completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Where they go:
  bash  /usr/share/bash-completion/completions/mb
  zsh   /usr/share/zsh/vendor-completions/_mb
  fish  /usr/share/fish/vendor_completions.d/mb.fish")]
pub struct Arguments {
    /// Which shell
    #[arg(value_enum)]
    shell: Known,
}

/// The shells that it is tested with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Known {
    Bash,
    Zsh,
    Fish,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let shell = match arguments.shell {
        Known::Bash => Shell::Bash,
        Known::Zsh => Shell::Zsh,
        Known::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "mb", &mut script);
    session.out.text(String::from_utf8_lossy(&script))?;
    Ok(())
}
