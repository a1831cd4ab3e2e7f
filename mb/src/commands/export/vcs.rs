//! A file for each mirror in a working copy, so that changes can be followed.

use crate::error::Failure;
use crate::files::{self, Owner};
use crate::mirror_text;
use crate::output::Output;
use clap::ValueEnum;
use mirror_db::tables::server::Server;
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What keeps the working copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum System {
    /// Subversion
    Svn,
    /// Git
    Git,
}

/// Where to.
pub(super) struct Export<'a> {
    pub target: &'a Path,
    pub commit: Option<System>,
    pub dry_run: bool,
}

/// A line that each probe changes would be in every difference.
const LEFT_OUT: &[&str] = &["statusBaseurl"];

/// Whether a directory is a working copy: in another one files would be removed.
pub(super) fn check(target: &Path) -> Result<(), Failure> {
    if [".svn", ".git"]
        .iter()
        .any(|name| target.join(name).exists())
    {
        return Ok(());
    }
    let name = target.display();
    Err(
        Failure::new(format!("{name} is no working copy of Subversion or Git"))
            .hint("svn checkout or git init makes one"),
    )
}

impl Export<'_> {
    pub fn run(&self, mirrors: &[Server], out: &mut Output) -> Result<(), Failure> {
        for mirror in mirrors {
            let name = &mirror.identifier;
            if name.contains('/') || name.starts_with('.') || name.is_empty() {
                let sentence = format!("\"{name}\" cannot be the name of a file");
                return Err(Failure::new(sentence).hint("mb rename gives it another"));
            }
        }
        for mirror in mirrors {
            let path = self.target.join(&mirror.identifier);
            let text = mirror_text::show_without(mirror, LEFT_OUT);
            if self.dry_run {
                if fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
                    out.line(format_args!("Would write {}", path.display()))?;
                }
                continue;
            }
            files::replace(&path, text.as_bytes(), 0o644, Owner::default())?;
        }
        self.remove_others(mirrors, out)?;
        match self.commit {
            Some(system) if !self.dry_run => self.commit(system),
            _ => Ok(()),
        }
    }

    /// Files of mirrors that are no more.
    fn remove_others(&self, mirrors: &[Server], out: &mut Output) -> Result<(), Failure> {
        let names: HashSet<&str> = mirrors.iter().map(|m| &*m.identifier).collect();
        for entry in fs::read_dir(self.target)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_kept = name.as_encoded_bytes().starts_with(b".")
                || name.to_str().is_some_and(|name| names.contains(name));
            if is_kept || !entry.file_type()?.is_file() {
                continue;
            }
            if self.dry_run {
                out.line(format_args!("Would remove {}", entry.path().display()))?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn commit(&self, system: System) -> Result<(), Failure> {
        const MESSAGE: &str = "mb export";
        match system {
            System::Git => {
                self.git(&["add", "--all", "--", "."])?;
                if !self.git(&["status", "--porcelain"])?.is_empty() {
                    self.git(&["commit", "--quiet", "--message", MESSAGE])?;
                }
            }
            System::Svn => {
                for line in self.svn(&["status"], &[])?.lines() {
                    // A letter, six further columns, a blank, and the name.
                    let name = line.get(8..).unwrap_or_default();
                    // Another @ at the end, so that one in the name is none of a revision.
                    let name = format!("{name}@");
                    match line.as_bytes().first() {
                        Some(b'?') => self.svn(&["add", "--quiet"], &[&name])?,
                        Some(b'!') => self.svn(&["delete", "--quiet"], &[&name])?,
                        _ => continue,
                    };
                }
                self.svn(&["commit", "--quiet", "--message", MESSAGE], &[])?;
            }
        }
        Ok(())
    }

    fn git(&self, arguments: &[&str]) -> Result<String, Failure> {
        run(Command::new("git").args(arguments).current_dir(self.target))
    }

    fn svn(&self, arguments: &[&str], names: &[&str]) -> Result<String, Failure> {
        let mut command = Command::new("svn");
        command.args(arguments).args(["--non-interactive", "--"]);
        run(command.args(names).current_dir(self.target))
    }
}

/// What a program prints.
fn run(command: &mut Command) -> Result<String, Failure> {
    let name = command.get_program().display().to_string();
    let output = command
        .output()
        .map_err(|e| Failure::new(format!("{name}: {e}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("{name} failed: {}", said.trim())))
}
