//! What a failed statement says about itself, its session and its server.

use crate::DbError;
use crate::statement::Statement;
use tokio_postgres::error::{Severity, SqlState};

/// How one execution went wrong.
pub(super) enum Failure {
    /// This statement only. True if the next execution will fail, too, whatever its parameters.
    Statement(DbError, bool),
    /// The server gave up on it: a lock, or too much work.
    Cancelled(DbError),
    Lost(String),
    /// A statement of ours is not there, or another's is in its place: a pooler gives our session to
    /// others, whatever it looked like at first.
    Elsewhere,
}

pub(super) fn is_stale(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED)
}

pub(super) fn classify(
    statement: &Statement,
    error: &tokio_postgres::Error,
    at_prepare: bool,
) -> Failure {
    let text = format!("{}: {}", statement.name, message(error));
    let Some(code) = error.code() else {
        // Ours, not the server's: a column that cannot be decoded, or a broken connection.
        let lost = error.is_closed() || std::error::Error::source(error).is_some_and(is_io);
        return if lost {
            Failure::Lost(text)
        } else {
            failed(&text, at_prepare)
        };
    };
    let failed = |lasting| Failure::Statement(DbError::refused(&text, code), lasting);
    match code.code() {
        "57014" => Failure::Cancelled(DbError::refused(&text, code)),
        // The server goes down, or was never ready.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" => Failure::Lost(text),
        // Whatever it is, the connection ends with it.
        _ if is_fatal(error) => Failure::Lost(text),
        // Another number of parameters than the statement has.
        "08P01" => failed(true),
        code if code.starts_with("08") => Failure::Lost(text),
        "26000" | "42P05" => Failure::Elsewhere,
        // Not about the parameters: a missing privilege, which shows only when the statement is
        // executed, or a view without data.
        code if code.starts_with("42") || code.starts_with("55") => failed(true),
        _ => failed(at_prepare),
    }
}

fn is_fatal(error: &tokio_postgres::Error) -> bool {
    let severity = error
        .as_db_error()
        .and_then(|error| error.parsed_severity());
    matches!(severity, Some(Severity::Fatal | Severity::Panic))
}

pub(super) fn failed(text: &str, lasting: bool) -> Failure {
    Failure::Statement(DbError::query_failed(text), lasting)
}

fn is_io(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<std::io::Error>()
}

/// The server's message and SQLSTATE, or ours, in one line.
pub(crate) fn message(error: &tokio_postgres::Error) -> String {
    let text = match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(db), _) => format!("{} (SQLSTATE {})", db.message(), db.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    };
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
