//! What can go wrong between a request and the database.

use std::sync::Arc;

/// The database cannot answer at present: it is away, hangs, or refuses connections.
///
/// The reason was logged once, when the database went away; a request only needs to know that
/// there is no answer, and may serve a fallback or the file itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the database is not available")]
pub struct Unavailable;

/// Why a query gave no answer. Cheap to clone: one failure can be the answer to many requests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// The database as a whole is away.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The database answered, but this statement failed; others may work. The text is the server's
    /// message with its SQLSTATE, and names the statement. It holds no password.
    #[error("{0}")]
    QueryFailed(Arc<str>),
}

impl DbError {
    /// A failure of one statement with this message.
    pub fn query_failed(message: impl AsRef<str>) -> Self {
        Self::QueryFailed(Arc::from(message.as_ref()))
    }
}
