//! `MirrorBrainDebug`: each step of a decision in the error log.

use crate::MirrorBrain;
use apache::{Level, Request};

/// Writes steps if the directory asks for it. At level warn: the directive is a switch of its
/// own, to be seen at httpd's default LogLevel.
#[derive(Clone, Copy)]
pub struct Trace<'r> {
    request: Request<'r>,
    on: bool,
}

impl<'r> Trace<'r> {
    pub fn new(request: Request<'r>, on: bool) -> Self {
        Self { request, on }
    }

    /// Writes one step; `text` is only made when it is wanted.
    pub fn step(self, text: impl FnOnce() -> String) {
        if self.on {
            self.request
                .log::<MirrorBrain>(Level::Warning, || printable(&text()));
        }
    }
}

/// Names and addresses come from clients: control characters must not forge log lines.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}
