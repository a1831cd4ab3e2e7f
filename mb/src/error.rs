//! What a command that failed says, and the exit status.
//!
//! | status | |
//! |---|---|
//! | 0 | done |
//! | 1 | anything that went wrong, with a sentence on stderr; also wrong usage of a command that MirrorBrain 2.19 had |
//! | 2 | the configuration file cannot be parsed; wrong usage of a command that is new |

use pg::{ConnectionError, SqlState};
use site_config::ConfigError;
use std::fmt;
use std::io;

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Lines for stderr.
    sentence: String,
    /// What to do next.
    hint: Option<String>,
    status: u8,
}

impl Failure {
    /// A failure with this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            hint: None,
            status: 1,
        }
    }

    /// The same in other words.
    pub fn sentence(self, sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            ..self
        }
    }

    /// The same, with what to do about it.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same, with one thing more to know.
    pub fn also(self, more: String) -> Self {
        let hint = match &self.hint {
            Some(hint) => format!("{hint}; {more}"),
            None => more,
        };
        self.hint(hint)
    }

    /// An end with this status about which all has been said.
    pub fn quiet(status: u8) -> Self {
        Self {
            sentence: String::new(),
            hint: None,
            status,
        }
    }

    /// Arguments that make no sense, in clap's words.
    pub(crate) fn usage(error: &clap::Error, status: u8) -> Self {
        let text = error.to_string();
        Self {
            status,
            ..Self::new(text.strip_prefix("error: ").unwrap_or(&text).trim_end())
        }
    }

    /// The exit status.
    pub fn status(&self) -> u8 {
        self.status
    }

    /// Says it on stderr.
    pub fn report(&self) {
        let style = anstyle::Style::new().bold();
        let red = anstyle::AnsiColor::Red.on_default().bold();
        if !self.sentence.is_empty() {
            anstream::eprintln!("{red}mb:{red:#} {}", self.sentence);
        }
        if let Some(hint) = &self.hint {
            anstream::eprintln!("{style}hint:{style:#} {hint}");
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let status = match error {
            ConfigError::Syntax(_) => 2,
            _ => 1,
        };
        Self {
            status,
            ..Self::new(error.to_string())
        }
    }
}

impl From<ConnectionError> for Failure {
    fn from(error: ConnectionError) -> Self {
        let failure = Self::new(format!("database: {error}"));
        if error.is_about_column() {
            return failure
                .hint("mb db check shows how the tables differ from what they should be");
        }
        let Some(code) = error.code() else {
            return failure.hint("is the server running, and are dbhost and dbport right?");
        };
        let hint = if [SqlState::UNDEFINED_TABLE, SqlState::UNDEFINED_COLUMN].contains(code)
            || *code == SqlState::UNDEFINED_FUNCTION
        {
            "the schema is not complete: mb db migrate"
        } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
            "the role dbuser of mirrorbrain.conf needs this privilege"
        } else if [
            SqlState::INVALID_PASSWORD,
            SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        ]
        .contains(code)
        {
            "are dbuser and dbpass right, and does pg_hba.conf let them in?"
        } else {
            return failure;
        };
        failure.hint(hint)
    }
}
