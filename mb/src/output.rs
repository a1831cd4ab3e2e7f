//! Where answers go: lines to the byte in a pipe, tables on a terminal, JSON on demand.

mod bars;
mod table;

pub use bars::Bars;
pub use table::{Cell, Table};

use serde::Serialize;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

/// Standard output.
pub struct Output {
    out: BufWriter<Stdout>,
    is_terminal: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        let out = io::stdout();
        Self {
            is_terminal: out.is_terminal(),
            out: BufWriter::new(out),
        }
    }

    /// Whether a person reads along.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// A line, as it is in a pipe. On a terminal what could control it is made visible.
    ///
    /// # Errors
    /// If nobody reads any more, here and below.
    pub fn line(&mut self, line: impl Display) -> io::Result<()> {
        self.text(line)?;
        self.out.write_all(b"\n")
    }

    /// Text without a line feed at its end.
    pub fn text(&mut self, text: impl Display) -> io::Result<()> {
        if self.is_terminal {
            let text = text.to_string();
            return self.out.write_all(visible(&text).as_bytes());
        }
        write!(self.out, "{text}")
    }

    /// A value as JSON, for programs.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value)?;
        self.out.write_all(b"\n")
    }

    /// A table, for people.
    pub fn table(&mut self, table: &Table) -> io::Result<()> {
        // Colours only where they are wanted: NO_COLOR, CLICOLOR, TERM=dumb.
        let choice = anstream::AutoStream::choice(&io::stdout());
        let mut out = anstream::AutoStream::new(Vec::new(), choice);
        write!(out, "{table}")?;
        self.out.write_all(&out.into_inner())
    }

    /// Makes what was written appear, before somebody else writes or answers.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Text from others must not move the cursor: control characters but line feed and tab are shown
/// as `\x1b` and the like.
pub(crate) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\n' && c != '\t' {
            visible.extend(c.escape_default());
        } else {
            visible.push(c);
        }
    }
    visible
}
