//! What can go wrong between a request and the database.

use std::fmt;
use std::sync::Arc;
use tokio_postgres::error::SqlState;

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
    /// The database is slow, and as many requests wait for it as may; this one did not, or only for a
    /// moment.
    #[error("the database is slow, and enough requests wait for it")]
    Busy,
    /// The database answered, but this statement failed; others may work.
    #[error("{0}")]
    QueryFailed(QueryFailure),
}

/// What is wrong with one statement. As text it is the server's message with its SQLSTATE, and names
/// the statement. It holds no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryFailure {
    text: Arc<str>,
    /// The server's, if the fault was found there.
    code: Option<SqlState>,
}

impl fmt::Display for QueryFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl QueryFailure {
    /// The class of the server's SQLSTATE, its first two characters; empty if the fault is ours.
    pub(crate) fn class(&self) -> &str {
        let code = self.code.as_ref().map(SqlState::code);
        code.and_then(|code| code.get(..2)).unwrap_or_default()
    }

    /// Whether the server could not take a parameter as text of its encoding.
    pub fn is_no_text(&self) -> bool {
        let codes = [
            SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            SqlState::UNTRANSLATABLE_CHARACTER,
        ];
        self.code.as_ref().is_some_and(|code| codes.contains(code))
    }
}

impl DbError {
    /// A failure of one statement with this message.
    pub fn query_failed(message: impl AsRef<str>) -> Self {
        Self::QueryFailed(QueryFailure {
            text: Arc::from(message.as_ref()),
            code: None,
        })
    }

    /// A failure that the server has found.
    pub(crate) fn refused(message: impl AsRef<str>, code: &SqlState) -> Self {
        Self::QueryFailed(QueryFailure {
            text: Arc::from(message.as_ref()),
            code: Some(code.clone()),
        })
    }

    /// Whether a table or column, a privilege, or the state of either is at fault (classes 42 and
    /// 55): another statement may do.
    pub fn is_about_the_statement(&self) -> bool {
        matches!(self, Self::QueryFailed(failure) if ["42", "55"].contains(&failure.class()))
    }
}
