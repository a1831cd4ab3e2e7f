//! `MirrorBrainExcludeFileMask`

use apache::Regex;
use quick_cache::{Weighter, sync::Cache};
use std::sync::OnceLock;

/// Bytes of memory for what one mask says of paths.
const VERDICTS_SIZE: u64 = 1 << 20;

/// A regular expression for the paths of files. What it says of a path never changes, so each
/// popular one is matched once: PCRE takes as long as all other checks together.
pub struct FileMask {
    regex: Regex,
    /// Made on first use, in a child.
    verdicts: OnceLock<Cache<Box<[u8]>, bool, Weigher>>,
}

#[derive(Clone)]
struct Weigher;

impl Weighter<Box<[u8]>, bool> for Weigher {
    fn weight(&self, path: &Box<[u8]>, _: &bool) -> u64 {
        // The constant covers the allocator and the cache's own bookkeeping.
        80 + path.len() as u64
    }
}

impl FileMask {
    /// A mask that has not been asked yet.
    pub fn new(regex: Regex) -> Self {
        Self {
            regex,
            verdicts: OnceLock::new(),
        }
    }

    /// Whether it matches somewhere in the path.
    pub fn is_match(&self, path: &[u8]) -> bool {
        let verdicts = self
            .verdicts
            .get_or_init(|| Cache::with_weighter(1024, VERDICTS_SIZE, Weigher));
        verdicts.get(path).unwrap_or_else(|| {
            let verdict = self.regex.is_match(path);
            verdicts.insert(path.into(), verdict);
            verdict
        })
    }
}
