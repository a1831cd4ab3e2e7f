//! Hashes files, several at a time.

use super::listing::Item;
use super::{Settings, Zsync, signature, stamps};
use hashing::{HashError, Plan, Sums, torrent};
use mirror_db::tables::hash::record::HashRow;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// From this size on a file occupies several cores by itself.
const LARGE: u64 = 1 << 20;

/// Seconds in which a file could change once more without its time telling: the database has whole seconds.
pub(super) const FRESH: i64 = 2;

/// A file to be hashed.
pub(super) struct Job {
    pub path: PathBuf,
    /// As the database calls it.
    pub relative: String,
    pub item: Item,
    /// Its directory of stamps.
    pub stamps: PathBuf,
}

/// Why there are no hashes.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// Somebody is still writing it.
    #[error("it is being written")]
    Changing,
    /// It has gone.
    #[error("it has gone")]
    Gone,
    #[error("{0}")]
    Other(String),
}

impl From<HashError> for Trouble {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Changed => Self::Changing,
            // It was one a moment ago.
            HashError::NotRegular => Self::Gone,
            other => Self::Other(other.to_string()),
        }
    }
}

/// What was made of a file.
pub(super) struct Made {
    pub row: HashRow,
    /// Whether its stamp could not be written, and why.
    pub stamp: std::io::Result<()>,
}

/// Results on their way: of small files many at once, because whoever waits for them is woken for each lot.
pub(super) type Lot = Vec<(usize, Result<Made, Trouble>)>;

/// The most that there are of them, and the longest that one waits for others.
const LOT: (usize, Duration) = (32, Duration::from_millis(100));

/// Works on jobs until they are done or `is_over`. Results come in any order, with the place of the job;
/// `read` is told how many bytes were read.
pub(super) fn hash_all(
    jobs: &[Job],
    settings: &Settings,
    is_over: &AtomicBool,
    read: &(dyn Fn(u64) + Sync),
    results: &Sender<Lot>,
) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let large = Permits::new(cores.div_ceil(4));
    thread::scope(|scope| {
        for _ in 0..cores.min(jobs.len()) {
            let results = results.clone();
            let (next, large) = (&next, &large);
            scope.spawn(move || {
                let mut lot = Lot::new();
                let mut since = Instant::now();
                while !is_over.load(Ordering::Relaxed) {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(place) else {
                        break;
                    };
                    let is_large = job.item.size > LARGE;
                    if is_large {
                        // What is done does not wait for it.
                        let _ = results.send(std::mem::take(&mut lot));
                    }
                    let permit = is_large.then(|| large.take());
                    let result = make(job, settings, read);
                    drop(permit);
                    lot.push((place, result));
                    if lot.len() >= LOT.0 || since.elapsed() > LOT.1 {
                        // Nobody listens if the run ends by an error, here and below.
                        let _ = results.send(std::mem::take(&mut lot));
                        since = Instant::now();
                    }
                }
                let _ = results.send(lot);
            });
        }
    });
}

fn make(job: &Job, settings: &Settings, read: &dyn Fn(u64)) -> Result<Made, Trouble> {
    let file = open(job)?;
    let is_zsync = match &settings.zsync {
        Zsync::All => true,
        Zsync::Matching(mask) => mask.is_match(job.path.as_os_str().as_encoded_bytes()),
        Zsync::None => false,
    };
    let plan = Plan {
        sha512: false,
        piece_length: settings.has_pieces.then_some(settings.piece_length),
        tree: false,
        zsync: is_zsync,
    };
    let sums = hashing::hash(&file, &plan, read)?;
    drop(file);
    let (size, mtime) = (sums.size, sums.mtime);
    let row = row(job, settings, sums)?;
    let item = Item {
        size,
        ..job.item.clone()
    };
    let stamp = stamps::make(
        &job.stamps.join(item.stamp()),
        mtime,
        match settings.copy_permissions {
            true => item.mode,
            false => 0o644,
        },
    );
    Ok(Made { row, stamp })
}

/// Opens a file, unless it is so young that it could change unseen.
fn open(job: &Job) -> Result<File, Trouble> {
    // What was a file may be a link or a pipe by now, neither of which may lead or hold us anywhere.
    let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits();
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.cast_signed())
        .open(&job.path);
    let file = opened.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Trouble::Gone,
        _ => Trouble::Other(error.to_string()),
    })?;
    let metadata = file.metadata().map_err(HashError::from)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs().cast_signed());
    match (0..FRESH).contains(&now.saturating_sub(metadata.mtime())) {
        true => Err(Trouble::Changing),
        false => Ok(file),
    }
}

fn row(job: &Job, settings: &Settings, sums: Sums) -> Result<HashRow, Trouble> {
    let mut sums = sums;
    let io = |error: std::io::Error| Trouble::Other(error.to_string());
    let mtime = i32::try_from(sums.mtime)
        .map_err(|_| Trouble::Other("its time does not fit into the database".to_owned()))?;
    let mut row = HashRow {
        path: job.relative.clone(),
        mtime,
        size: i64::try_from(sums.size).unwrap_or(i64::MAX),
        md5: sums.digests.md5.to_vec(),
        sha1: sums.digests.sha1.to_vec(),
        sha256: sums.digests.sha256.to_vec(),
        piece_size: i32::try_from(settings.piece_length.get()).unwrap_or(i32::MAX),
        signature: signature::read(&job.path, sums.size),
        ..HashRow::default()
    };
    if let Some(pieces) = &mut sums.pieces {
        let name = job.item.name.as_encoded_bytes();
        let (size, digests) = (sums.size, &sums.digests);
        row.btih = torrent::info_hash(name, settings.piece_length, size, digests, pieces)?.to_vec();
        row.pieces = pieces.to_vec().map_err(io)?;
    }
    if let Some((parameters, blocks)) = &mut sums.zsync {
        row.block_size = parameters.block_size.cast_signed();
        row.hash_lengths = parameters.hash_lengths();
        row.sums = blocks.to_vec().map_err(io)?;
    }
    Ok(row)
}

/// Lets so many in at a time.
struct Permits {
    left: Mutex<usize>,
    returned: Condvar,
}

impl Permits {
    fn new(count: usize) -> Self {
        Self {
            left: Mutex::new(count),
            returned: Condvar::new(),
        }
    }

    fn take(&self) -> Permit<'_> {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.returned.wait_while(left, |left| *left == 0);
        *left.unwrap_or_else(PoisonError::into_inner) -= 1;
        Permit(self)
    }
}

struct Permit<'a>(&'a Permits);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.left.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.returned.notify_one();
    }
}
