//! Why a listing could not be read.

use std::io;
use std::time::Duration;

/// Why a server, or a subtree of it, could not be listed. Each is one sentence without the name of the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server stopped in the middle.
    #[error("the listing ended in the middle")]
    Ended,
    /// What the server, or the way to it, said.
    #[error("{0}")]
    Server(String),
    /// The server cannot answer now, and may later: it has as many visitors as it takes, or the network is
    /// broken.
    #[error("{reason}")]
    Later {
        /// What was said.
        reason: String,
        /// When the server wants to be asked again (`Retry-After`).
        after: Option<Duration>,
    },
    /// What should be listed is not there.
    #[error("{0}")]
    Gone(String),
    /// The server wants a login, or another one.
    #[error("{0}")]
    Denied(String),
    /// The URL cannot be used, and why; without its password.
    #[error("{0}")]
    Url(String),
    /// The server said nothing for so many seconds.
    #[error("the server said nothing for {} seconds", .0.as_secs())]
    Silent(Duration),
    /// The listing did not come to its end within so many seconds.
    #[error("the listing did not end within {} seconds", .0.as_secs())]
    Endless(Duration),
    /// There is more than anybody has.
    #[error("the listing has more than {0}")]
    TooMuch(String),
    /// The answer is something else than a listing.
    #[error("{0}")]
    NoListing(String),
    /// This machine.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: String,
        /// Why it failed.
        error: io::Error,
    },
}

impl Error {
    /// Whether it may go away by itself: then what was known stays, and the server is asked again after
    /// some time.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Later { .. } | Self::Silent(_) | Self::Ended | Self::Endless(_)
        )
    }
}
