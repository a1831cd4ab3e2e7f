//! What is remembered of a file by the name that requests are mapped to: one look-up for all of it.

use crate::mask::Mask;
use crate::path::FileId;
use mirror_cache::RecordSlot;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How long what is known of a file is taken for granted, if its name still leads to the same file.
/// Then only a directory above it can have been renamed.
const LIFETIME: Duration = Duration::from_secs(2);

/// Bytes of memory for the files of one base.
const SIZE: u64 = 16 << 20;

/// A file below a base.
pub struct KnownFile {
    id: FileId,
    key: Result<Box<str>, Box<[u8]>>,
    resolved: Instant,
    verdict: OnceLock<Verdict>,
    /// The number of a mask, and whether it matches the key.
    volatile: OnceLock<(u64, bool)>,
    /// What the database says about it. A file is reached under the same name by virtual hosts
    /// with other databases; the record knows its own.
    pub record: RecordSlot,
}

/// What a mask says about a path.
#[derive(Clone, Copy)]
struct Verdict {
    mask: u64,
    path_len: usize,
    is_match: bool,
}

impl KnownFile {
    /// A file whose key was found just now.
    pub fn new(id: FileId, key: Vec<u8>) -> Self {
        let key = String::from_utf8(key).map(String::into_boxed_str);
        Self {
            id,
            key: key.map_err(|error| error.into_bytes().into()),
            resolved: Instant::now(),
            verdict: OnceLock::new(),
            volatile: OnceLock::new(),
            record: RecordSlot::default(),
        }
    }

    /// The path in the database.
    pub fn key(&self) -> &[u8] {
        match &self.key {
            Ok(key) => key.as_bytes(),
            Err(key) => key,
        }
    }

    /// The same. A key that is no UTF-8 cannot be in the database.
    pub fn text(&self) -> Option<&str> {
        self.key.as_deref().ok()
    }

    /// Whether `mask` matches the path of the URL, for a file of this `filename`. Nearly always that
    /// ends with the path: then the length says which path it is.
    pub fn is_matched(&self, mask: &Mask, filename: &[u8], uri: &[u8]) -> bool {
        if !filename.ends_with(uri) {
            return mask.is_match(uri);
        }
        let verdict = self.verdict.get_or_init(|| Verdict {
            mask: mask.number(),
            path_len: uri.len(),
            is_match: mask.is_match(uri),
        });
        if (verdict.mask, verdict.path_len) == (mask.number(), uri.len()) {
            verdict.is_match
        } else {
            mask.is_match(uri)
        }
    }
}

impl KnownFile {
    /// Whether the file changes in place (`MirrorBrainVolatileFileMask`): by its real path, so that
    /// a link to the newest of several files does not count.
    pub fn is_volatile(&self, mask: &Mask) -> bool {
        let is_match = || mask.is_match(&[b"/", self.key()].concat());
        let &(number, verdict) = self.volatile.get_or_init(|| (mask.number(), is_match()));
        if number == mask.number() {
            verdict
        } else {
            is_match()
        }
    }
}

/// The files of one base, by name.
pub struct KnownFiles(Cache<Box<[u8]>, Arc<KnownFile>, Weigher>);

#[derive(Clone)]
struct Weigher;

impl Weighter<Box<[u8]>, Arc<KnownFile>> for Weigher {
    fn weight(&self, name: &Box<[u8]>, file: &Arc<KnownFile>) -> u64 {
        // The constant covers the file, the allocator and the cache's own bookkeeping. The record
        // comes later, and is usually in the database's cache as well.
        320 + RecordSlot::LARGEST + name.len() as u64 + file.key().len() as u64
    }
}

impl KnownFiles {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self(Cache::with_weighter(1024, SIZE, Weigher))
    }

    /// What is known of the file under this name, if it is the one with this `id`.
    pub fn get(&self, name: &Path, id: FileId) -> Option<Arc<KnownFile>> {
        let file = self.0.get(name.as_os_str().as_encoded_bytes())?;
        (file.id == id && file.resolved.elapsed() < LIFETIME).then_some(file)
    }

    /// Takes note of a file.
    pub fn insert(&self, name: &Path, file: Arc<KnownFile>) {
        self.0
            .insert(name.as_os_str().as_encoded_bytes().into(), file);
    }
}
