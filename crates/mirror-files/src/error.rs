//! Why a listing could not be read.

/// Why a server, or a subtree of it, could not be listed. Each source adds its own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server stopped in the middle.
    #[error("the listing ended in the middle")]
    Ended,
    /// What the server, or the way to it, said.
    #[error("{0}")]
    Server(String),
}
