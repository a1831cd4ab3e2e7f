//! Which file, and which state of it.

/// A file at one moment: what `hash` has a row for, and what a record is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileVersion<P = String> {
    /// Below the site's tree, as `filearr.path` has it.
    pub path: P,
    /// Bytes.
    pub size: u64,
    /// When it was last changed, in seconds since 1970.
    pub mtime: i64,
}

impl<P: AsRef<str>> FileVersion<P> {
    /// The same without a path of its own.
    pub fn borrowed(&self) -> FileVersion<&str> {
        FileVersion {
            path: self.path.as_ref(),
            size: self.size,
            mtime: self.mtime,
        }
    }

    /// The same with a path of its own.
    pub fn owned(&self) -> FileVersion {
        FileVersion {
            path: self.path.as_ref().to_owned(),
            size: self.size,
            mtime: self.mtime,
        }
    }
}
