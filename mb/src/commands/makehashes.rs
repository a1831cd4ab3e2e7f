//! `mb makehashes`

mod hasher;
mod known;
mod listing;
mod report;
mod run;
mod signature;
mod stamps;

use crate::cli::Facts;
use crate::error::Failure;
use crate::session::Session;
use clap::Args;
use regex::bytes::Regex;
use report::Report;
use run::Run;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// Makes the hashes of all files below a directory that are new or have changed, and removes those of files that are gone.
///
/// Each file is read once for all of its hashes; a run that was killed goes on where it was. A file that changes while it is
/// read is tried again at the end, and then left for the next run.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The directory, an absolute path
    directory: PathBuf,

    /// Where stamps are kept that tell which files have hashes, an absolute path: for MirrorBrain 2.19, and as locks
    #[arg(short = 't', long, value_name = "STAMPS")]
    target_dir: PathBuf,

    /// The top of the tree, which paths in the database are relative to [default: the directory]
    #[arg(short, long, value_name = "BASE")]
    base_dir: Option<PathBuf>,

    /// Only files whose name matches, from its beginning
    #[arg(short, long, value_name = "REGEX", allow_hyphen_values = true)]
    file_mask: Option<String>,

    /// Not those files and directories whose path matches, from its beginning
    #[arg(short, long, value_name = "REGEX", allow_hyphen_values = true)]
    ignore_mask: Option<String>,

    /// Make zsync's sums of those files whose path matches, from its beginning, whatever zsync_hashes says
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    zsync_mask: Option<String>,

    /// Make hashes also where they are up to date, and remove those of files that are gone also if they have no stamp
    #[arg(long)]
    force: bool,

    /// Give stamps the permissions of their files, instead of 0644 and 0755
    #[arg(long)]
    copy_permissions: bool,

    /// Only tell what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Say more
    #[arg(short, long)]
    verbose: bool,

    #[command(flatten)]
    facts: Facts,
}

/// What is to be done.
struct Settings {
    /// Where it begins.
    start: PathBuf,
    /// What paths in the database are relative to.
    base: PathBuf,
    stamps: PathBuf,
    file_mask: Option<Regex>,
    ignore_mask: Option<Regex>,
    zsync: Zsync,
    /// Bytes of a piece.
    piece_length: NonZeroU32,
    has_pieces: bool,
    force: bool,
    copy_permissions: bool,
    dry_run: bool,
}

/// Which files get zsync's sums.
enum Zsync {
    All,
    Matching(Regex),
    None,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let settings = Settings::new(arguments, session)?;
    if !settings.start.is_dir() {
        let path = settings.start.display();
        return Err(Failure::new(format!("{path}: there is no such directory")));
    }
    // What it has to say of the version, before anything else.
    session.connection()?;
    let mut connection = session.raw_connection()?;
    let report = Report::new(arguments, &mut session.out);
    let is_complete = Run::new(&settings, &mut connection, report)?.all()?;
    match is_complete {
        true => Ok(()),
        false => Err(Failure::quiet(1)),
    }
}

impl Settings {
    fn new(arguments: &Arguments, session: &mut Session) -> Result<Self, Failure> {
        let start = absolute(&arguments.directory, "the directory")?;
        let base = match &arguments.base_dir {
            Some(base) => absolute(base, "BASE")?,
            None => start.clone(),
        };
        if !start.starts_with(&base) {
            let (start, base) = (start.display(), base.display());
            return Err(Failure::new(format!("{start} is not below {base}")));
        }
        let instance = session.instance()?;
        let zsync = match &arguments.zsync_mask {
            Some(mask) => Zsync::Matching(mask_of(mask)?),
            None if instance.zsync_hashes => Zsync::All,
            None => Zsync::None,
        };
        let piece_length = NonZeroU32::new(instance.chunk_size)
            .ok_or_else(|| Failure::new("mirrorbrain.conf: chunk_size must not be 0"))?;
        let mask = |text: &Option<String>| text.as_deref().map(mask_of).transpose();
        Ok(Self {
            stamps: absolute(&arguments.target_dir, "STAMPS")?,
            start,
            base,
            file_mask: mask(&arguments.file_mask)?,
            ignore_mask: mask(&arguments.ignore_mask)?,
            zsync,
            piece_length,
            has_pieces: instance.chunked_hashes,
            force: arguments.force,
            copy_permissions: arguments.copy_permissions,
            dry_run: arguments.dry_run,
        })
    }

    /// Where the stamps of a directory are.
    fn stamps_of(&self, directory: &Path) -> PathBuf {
        let below = directory.strip_prefix(&self.base).unwrap_or(directory);
        // A path that ends in a slash would be shown so.
        match below == Path::new("") {
            true => self.stamps.clone(),
            false => self.stamps.join(below),
        }
    }
}

/// A path without superfluous slashes.
fn absolute(path: &Path, what: &str) -> Result<PathBuf, Failure> {
    match path.is_absolute() {
        true => Ok(path.components().collect()),
        false => {
            let path = path.display();
            Err(Failure::new(format!(
                "{what} must be an absolute path, and {path} is none"
            )))
        }
    }
}

/// An expression that matches from the beginning.
fn mask_of(text: &str) -> Result<Regex, Failure> {
    // Checked as it was given: parentheses could fit ours.
    let checked = Regex::new(text).and_then(|_| Regex::new(&format!("^(?:{text})")));
    checked.map_err(|error| Failure::new(format!("{text}: {error}")))
}
