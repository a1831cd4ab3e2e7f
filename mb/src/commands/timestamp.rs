//! `mb timestamp`

use crate::error::Failure;
use crate::files::{self, Owner};
use crate::session::Session;
use crate::time;
use clap::Args;
use std::path::{Path, PathBuf};

/// Arguments of `mb timestamp`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The files, below apache_documentroot if mirrorbrain.conf has it
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// The user that they belong to
    #[arg(short, long, value_name = "NAME")]
    user: Option<String>,

    /// The group that they belong to
    #[arg(short, long, value_name = "NAME")]
    group: Option<String>,

    /// Leave apache_documentroot out
    #[arg(long)]
    no_docroot: bool,

    /// Only tell what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,
}

const EXPLANATION: &str = "\
This file is written regularly. Its age on a mirror tells how up to date the mirror is: the first line
is the time in seconds since 1970, the second the same for people.
";

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let owner = Owner::named(arguments.user.as_deref(), arguments.group.as_deref())?;
    let root = match arguments.no_docroot {
        true => None,
        false => session.instance()?.documentroot.clone(),
    };
    let (seconds, utc) = time::utc();
    let text = format!("{seconds}\n{utc}\n\n{EXPLANATION}");
    for file in &arguments.files {
        let path = path(root.as_deref(), file);
        if arguments.dry_run {
            session
                .out
                .line(format_args!("Would write {}", path.display()))?;
            continue;
        }
        // Those are for mirrors to fetch by rsync, and not for everybody.
        let is_invisible = file.as_os_str().as_encoded_bytes().ends_with(b"invisible");
        let mode = if is_invisible { 0o640 } else { 0o644 };
        files::replace(&path, text.as_bytes(), mode, owner)?;
    }
    Ok(())
}

/// The file below the tree, also if it begins with a slash.
fn path(root: Option<&Path>, file: &Path) -> PathBuf {
    match root {
        Some(root) => root.join(file.strip_prefix("/").unwrap_or(file)),
        None => file.to_owned(),
    }
}
