//! A table in a file that processes map, and its replacement.

use crate::table::{Builder, Network, Summary, Table};
use arc_swap::ArcSwapOption;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter};
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

/// Brings the contents of an open file into memory, or maps them.
pub type Opener<S> = fn(&File) -> io::Result<S>;

/// The table that is at a path now.
pub struct SharedTable<S: AsRef<[u8]>> {
    path: PathBuf,
    opener: Opener<S>,
    /// Made on first use, in a child: an ArcSwap that the parent drops when it reads its
    /// configuration anew would leave a destructor with its thread, and keep the old code mapped.
    current: OnceLock<ArcSwapOption<Mapped<S>>>,
}

struct Mapped<S> {
    table: Table<S>,
    /// Device and inode. As long as the file is mapped the number is not given to another.
    identity: (u64, u64),
    written: SystemTime,
}

/// The one process that may replace the file; the right ends with this value or the process.
pub struct Leader<'t, S: AsRef<[u8]>> {
    shared: &'t SharedTable<S>,
    _lock: File,
}

impl<S: AsRef<[u8]>> SharedTable<S> {
    /// The table at `path`, which ends in `.table`; files beside it have other extensions. Knows
    /// nothing until [`follow`](Self::follow) finds a file.
    pub fn new(path: PathBuf, opener: Opener<S>) -> Self {
        Self {
            path,
            opener,
            current: OnceLock::new(),
        }
    }

    fn slot(&self) -> &ArcSwapOption<Mapped<S>> {
        self.current.get_or_init(ArcSwapOption::empty)
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a table to answer from.
    pub fn is_loaded(&self) -> bool {
        self.slot().load().is_some()
    }

    /// The network of an address. Never waits.
    pub fn lookup(&self, address: IpAddr) -> Option<Network> {
        self.slot().load().as_ref()?.table.lookup(address)
    }

    /// How long ago the table in use was written.
    pub fn age(&self) -> Option<Duration> {
        let now = self.slot().load();
        Some(now.as_ref()?.written.elapsed().unwrap_or_default())
    }

    /// How many ranges the table has.
    pub fn rows(&self) -> Option<u32> {
        self.slot().load().as_ref().map(|now| now.table.rows())
    }

    /// Takes up the file that is at the path now. One that cannot be used counts as none: the
    /// table that was there stays, and the leader writes a new one.
    ///
    /// # Errors
    /// If the file is there, but cannot be opened.
    pub fn follow(&self) -> io::Result<()> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let metadata = file.metadata()?;
        let identity = (metadata.dev(), metadata.ino());
        if self.slot().load().as_ref().map(|now| now.identity) == Some(identity) {
            return Ok(());
        }
        if let Ok(table) = Table::new((self.opener)(&file)?) {
            let written = metadata.modified()?;
            self.slot().store(Some(std::sync::Arc::new(Mapped {
                table,
                identity,
                written,
            })));
        }
        Ok(())
    }

    /// What the table in use was written from, and when.
    pub(crate) fn origin(&self) -> Option<(Vec<u8>, SystemTime)> {
        let now = self.slot().load();
        let now = now.as_ref()?;
        Some((now.table.tag().to_vec(), now.written))
    }

    /// Becomes the leader, unless another process is.
    ///
    /// # Errors
    /// If the lock file cannot be made.
    pub fn lead(&self) -> io::Result<Option<Leader<'_, S>>> {
        let lock = File::options()
            .create(true)
            .append(true)
            .open(self.path.with_extension("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Leader {
                shared: self,
                _lock: lock,
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl<S: AsRef<[u8]>> Leader<'_, S> {
    /// Writes a new table and moves it into place. `tag` says what it was made from.
    ///
    /// # Errors
    /// If the file cannot be written; the old one then stays.
    pub fn publish(&self, table: Builder, tag: &[u8]) -> io::Result<Summary> {
        let new = self.shared.path.with_extension("new");
        let written = File::create(&new).and_then(|file| {
            let summary = table.write(BufWriter::new(file), tag)?;
            fs::rename(&new, &self.shared.path)?;
            Ok(summary)
        });
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn shared(directory: &Path) -> SharedTable<Vec<u8>> {
        SharedTable::new(directory.join("t.table"), |mut file| {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map(|_| bytes)
        })
    }

    fn builder(asn: u32) -> Builder {
        let mut builder = Builder::new();
        builder.push_text("10.0.0.0/8", asn).unwrap();
        builder
    }

    fn ask(table: &SharedTable<Vec<u8>>) -> Option<u32> {
        let found = table.lookup("10.1.2.3".parse().unwrap());
        found.map(|network| network.asn)
    }

    #[test]
    fn readers_see_what_the_leader_publishes() {
        let directory = tempfile::tempdir().unwrap();
        let (one, other) = (shared(directory.path()), shared(directory.path()));
        other.follow().unwrap();
        assert_eq!((ask(&other), other.is_loaded()), (None, false));
        let leader = one.lead().unwrap().unwrap();
        for asn in [1, 2] {
            leader.publish(builder(asn), &[7]).unwrap();
            other.follow().unwrap();
            assert_eq!(ask(&other), Some(asn));
        }
        assert_eq!(other.origin().unwrap().0, [7]);
        assert_eq!(other.rows(), Some(1));
    }

    #[test]
    fn there_is_one_leader_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let (one, other) = (shared(directory.path()), shared(directory.path()));
        let leader = one.lead().unwrap();
        assert!(leader.is_some());
        assert!(other.lead().unwrap().is_none());
        drop(leader);
        assert!(other.lead().unwrap().is_some());
    }

    #[test]
    fn a_file_that_is_no_table_does_not_take_the_old_ones_place() {
        let directory = tempfile::tempdir().unwrap();
        let table = shared(directory.path());
        let leader = table.lead().unwrap().unwrap();
        leader.publish(builder(1), b"").unwrap();
        table.follow().unwrap();
        fs::write(directory.path().join("x"), "half a file").unwrap();
        fs::rename(directory.path().join("x"), table.path()).unwrap();
        table.follow().unwrap();
        assert_eq!(ask(&table), Some(1));
    }
}
