//! What became of a scan.

use crate::rules::RuleError;
use crate::source::Protocol;
use pg::ConnectionError;

/// How a scan went. All numbers are of the directory that was scanned.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was listed over; `None` if nothing answered.
    pub protocol: Option<Protocol>,
    /// What was listed: files, directories and others.
    pub entries: u64,
    /// Of these, the files that count.
    pub files: u64,
    /// Files that the mirror had.
    pub before: u64,
    /// Files that it has now.
    pub after: u64,
    /// Those of them that it had not.
    pub added: u64,
    /// Those that it has no more.
    pub removed: u64,
    /// Copies that are not the right ones.
    pub deviating: u64,
    /// Files that the origin does not have.
    pub surplus: u64,
    /// Names that the database cannot hold, or that are no names of files.
    pub unusable: u64,
    /// Bytes of the listing.
    pub bytes: u64,
    /// Why it is not all that it should be.
    pub failure: Option<Failure>,
}

/// What a scan could not do.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// No protocol has listed anything; nothing was changed.
    #[error("nothing could be read, and nothing was changed")]
    Unread(Vec<(Protocol, String)>),
    /// The mirror has no URL to scan.
    #[error("there is no URL to scan")]
    NoUrl,
    /// Directories could not be read; what is below them was left as it was.
    #[error("{directory} could not be read: {reason}{}", and_more(*.more))]
    Incomplete {
        /// The first of them.
        directory: String,
        /// Why.
        reason: String,
        /// How many more there are.
        more: usize,
    },
    /// Too many files are gone at once; none was removed.
    #[error(
        "{removed} of {files} files are gone: too many to believe; none was removed. Another scan that finds the same, or --force, removes them"
    )]
    Held {
        /// What is gone.
        removed: u64,
        /// What the mirror had.
        files: u64,
    },
    /// A rule cannot be used.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The database.
    #[error("database: {0}")]
    Database(#[from] ConnectionError),
}

fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    }
}

impl Outcome {
    /// Whether all of it was read and all of it was written.
    pub fn is_complete(&self) -> bool {
        self.failure.is_none()
    }

    /// In one line, with what each protocol said.
    pub fn reason(&self) -> Option<String> {
        let failure = self.failure.as_ref()?;
        let Failure::Unread(attempts) = failure else {
            return Some(failure.to_string());
        };
        let all = attempts
            .iter()
            .map(|(protocol, error)| format!("{protocol}: {error}"));
        Some(all.collect::<Vec<_>>().join("; "))
    }

    /// In a word, as the table `scan` has it.
    pub fn word(&self) -> &'static str {
        match &self.failure {
            None => "complete",
            Some(Failure::Incomplete { .. }) => "incomplete",
            Some(Failure::Held { .. }) => "held",
            Some(_) => "failed",
        }
    }
}
