//! A regular expression with a number, so that it can be told from others.

use apache::Regex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The pattern of `MirrorBrainExcludeFileMask`.
pub struct Mask {
    regex: Arc<Regex>,
    number: u64,
}

impl Mask {
    /// A mask with a number of its own.
    pub fn new(regex: Arc<Regex>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            regex,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// A number that no other mask of this process ever has: that of an `.htaccess` file is
    /// another one for each request.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether the pattern occurs in `text`.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(text)
    }
}
