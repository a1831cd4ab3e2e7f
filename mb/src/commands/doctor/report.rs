//! What was found.

use crate::output::Output;
use serde::Serialize;
use std::io;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    Warning,
    Error,
}

/// One line.
#[derive(Debug, Serialize)]
pub struct Finding {
    subject: &'static str,
    state: State,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    what_to_do: Option<String>,
}

/// All lines.
#[derive(Debug, Default)]
pub struct Report(Vec<Finding>);

impl Report {
    pub fn ok(&mut self, subject: &'static str, text: impl Into<String>) {
        self.push(subject, State::Ok, text.into(), None);
    }

    pub fn warning(
        &mut self,
        subject: &'static str,
        text: impl Into<String>,
        what_to_do: impl Into<String>,
    ) {
        let what_to_do = Some(what_to_do.into());
        self.push(subject, State::Warning, text.into(), what_to_do);
    }

    pub fn error(
        &mut self,
        subject: &'static str,
        text: impl Into<String>,
        what_to_do: impl Into<String>,
    ) {
        self.push(subject, State::Error, text.into(), Some(what_to_do.into()));
    }

    fn push(
        &mut self,
        subject: &'static str,
        state: State,
        text: String,
        what_to_do: Option<String>,
    ) {
        self.0.push(Finding {
            subject,
            state,
            text,
            what_to_do,
        });
    }

    pub fn findings(&self) -> &[Finding] {
        &self.0
    }

    pub fn has_error(&self) -> bool {
        self.0.iter().any(|finding| finding.state == State::Error)
    }

    pub fn print(&self, out: &mut Output) -> io::Result<()> {
        for finding in &self.0 {
            let state = match finding.state {
                State::Ok => "ok",
                State::Warning => "warning",
                State::Error => "error",
            };
            out.line(format_args!(
                "{state:<8} {:<14} {}",
                finding.subject, finding.text
            ))?;
            if let Some(what_to_do) = &finding.what_to_do {
                out.line(format_args!("{:24}{what_to_do}", ""))?;
            }
        }
        Ok(())
    }
}
