//! `mb verify`

use crate::cli::Facts;
use crate::error::Failure;
use crate::output::Bars;
use crate::session::Session;
use background::Progress;
use clap::Args;
use hashing::{HashError, Plan};
use mirror_db::tables::hash::record::{self, HashRow};
use serde::Serialize;
use std::fs::File;
use std::num::NonZeroU32;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Reads files and compares them with their hashes in the database. Nothing is changed.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A file, or a directory with all files below it; symbolic links are left out
    path: PathBuf,

    /// The top of the tree, which paths in the database are relative to [default: apache_documentroot]
    #[arg(short, long, value_name = "BASE")]
    base_dir: Option<PathBuf>,

    #[command(flatten)]
    facts: Facts,
}

/// What was found, as JSON has it.
#[derive(Debug, Default, Serialize)]
struct Found {
    /// Files that are what their hashes say
    right: u64,
    /// Files that are not, with the hashes that differ
    wrong: Vec<Wrong>,
    /// Files whose hashes are of another size or time
    outdated: Vec<String>,
    /// Files without hashes
    unknown: Vec<String>,
    /// Files that could not be read, or are being written
    failed: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Wrong {
    path: String,
    hashes: Vec<&'static str>,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let path = std::path::absolute(&arguments.path)?;
    let configured = session.instance()?.documentroot.clone();
    let base = arguments.base_dir.clone().or(configured);
    let base = base.ok_or_else(|| {
        Failure::new("mirrorbrain.conf has no apache_documentroot").hint("name the tree with -b")
    })?;
    let base = std::path::absolute(base)?;
    if !path.starts_with(&base) {
        let (path, base) = (path.display(), base.display());
        return Err(Failure::new(format!("{path} is not below {base}")));
    }
    let mut found = Found::default();
    let mut waiting = vec![path];
    let bars = Bars::default();
    while let Some(path) = waiting.pop() {
        let said = visit(&path, &base, &mut waiting, &bars, &mut found, session);
        if let Err(error) = said {
            found.failed.push(format!("{}: {error}", path.display()));
        }
    }
    tell(arguments, &found, session)?;
    match found.wrong.is_empty() && found.failed.is_empty() {
        true => Ok(()),
        false => Err(Failure::quiet(1)),
    }
}

/// Goes into a directory, or looks at a file.
fn visit(
    path: &Path,
    base: &Path,
    waiting: &mut Vec<PathBuf>,
    bars: &Bars,
    found: &mut Found,
    session: &mut Session,
) -> Result<(), Failure> {
    let metadata = path.symlink_metadata()?;
    if metadata.is_dir() {
        let entries = path
            .read_dir()?
            .map(|entry| entry.map(|entry| entry.path()));
        let mut paths = entries.collect::<Result<Vec<_>, _>>()?;
        // The last one is taken first.
        paths.sort_unstable_by(|a, b| b.cmp(a));
        waiting.append(&mut paths);
    }
    if !metadata.is_file() {
        return Ok(());
    }
    let relative = path.strip_prefix(base).ok().and_then(Path::to_str);
    let relative = relative.ok_or_else(|| Failure::new("its name is not UTF-8"))?;
    let Some(row) = record::read(session.connection()?, relative)? else {
        found.unknown.push(relative.to_owned());
        return Ok(());
    };
    let is_current =
        u64::try_from(row.size) == Ok(metadata.len()) && i64::from(row.mtime) == metadata.mtime();
    if !is_current {
        found.outdated.push(relative.to_owned());
        return Ok(());
    }
    bars.begin(relative, Some(metadata.len()));
    let hashes = differences(path, &row, bars);
    bars.end();
    match hashes.map_err(|error| Failure::new(error.to_string()))? {
        hashes if hashes.is_empty() => found.right += 1,
        hashes => found.wrong.push(Wrong {
            path: relative.to_owned(),
            hashes,
        }),
    }
    Ok(())
}

/// Which of the columns are not what the file gives.
fn differences(path: &Path, row: &HashRow, bars: &Bars) -> Result<Vec<&'static str>, HashError> {
    let piece_length = u32::try_from(row.piece_size).ok().and_then(NonZeroU32::new);
    let plan = Plan {
        piece_length: piece_length.filter(|_| !row.pieces.is_empty()),
        zsync: !row.sums.is_empty(),
        ..Plan::default()
    };
    let sums = hashing::hash(&File::open(path)?, &plan, &|bytes| bars.advance(bytes))?;
    let mut differing = Vec::new();
    let mut compare = |name, is_same: bool| {
        if !is_same {
            differing.push(name);
        }
    };
    compare("md5", row.md5 == sums.digests.md5);
    compare("sha1", row.sha1 == sums.digests.sha1);
    compare("sha256", row.sha256 == sums.digests.sha256);
    if let Some(mut pieces) = sums.pieces {
        compare("sha1pieces", row.pieces == pieces.to_vec()?);
    }
    if let Some((_, mut blocks)) = sums.zsync {
        compare("zsums", row.sums == blocks.to_vec()?);
    }
    Ok(differing)
}

fn tell(arguments: &Arguments, found: &Found, session: &mut Session) -> Result<(), Failure> {
    let out = &mut session.out;
    if arguments.facts.json {
        return Ok(out.json(found)?);
    }
    for wrong in &found.wrong {
        let hashes = wrong.hashes.join(", ");
        out.line(format_args!("{}: WRONG: {hashes}", wrong.path))?;
    }
    for path in &found.outdated {
        out.line(format_args!("{path}: has hashes of another version"))?;
    }
    for path in &found.unknown {
        out.line(format_args!("{path}: has no hashes"))?;
    }
    for failed in &found.failed {
        out.line(failed)?;
    }
    let (wrong, failed) = (found.wrong.len(), found.failed.len());
    let rest = found.outdated.len() + found.unknown.len();
    Ok(out.line(format_args!(
        "{} right, {wrong} wrong, {rest} without current hashes, {failed} unreadable",
        found.right
    ))?)
}
