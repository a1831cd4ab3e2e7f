//! What can go wrong.

use std::io;

/// Why a file could not be hashed. Nothing of what was computed may be used.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The file could not be read, or a temporary file not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Size, modification time or length of the content changed meanwhile: somebody is still writing.
    #[error("the file changed while it was read")]
    Changed,
    /// It is a directory, a device or the like.
    #[error("not a regular file")]
    NotRegular,
}
