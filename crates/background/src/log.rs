//! Where messages go: this crate knows no logger, its user hands one in.

use std::sync::Arc;

/// How much a message matters, after syslog(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something is broken and someone should look.
    Error,
    /// Worth a look.
    Warning,
    /// A normal but significant event, such as the return of the database.
    Notice,
    /// Of use while hunting a problem.
    Debug,
}

/// Receives messages of background threads. Called once when something breaks and once when it
/// works again, never per request, and never with a password.
pub type Logger = Arc<dyn Fn(LogLevel, &str) + Send + Sync>;
