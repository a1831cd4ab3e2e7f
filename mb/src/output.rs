//! Where answers go: lines to the byte in a pipe, tables on a terminal, JSON on demand.

mod bars;
mod table;

pub use bars::{Bars, ManyBars};
pub use table::{Cell, Table};

use serde::Serialize;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

/// Standard output.
pub struct Output {
    out: BufWriter<Reader>,
    is_terminal: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        let out = io::stdout();
        Self {
            is_terminal: out.is_terminal(),
            out: BufWriter::new(Reader {
                out,
                has_gone: false,
            }),
        }
    }

    /// Whether a person reads along.
    pub fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// A line, as it is in a pipe. On a terminal what could control it is made visible.
    ///
    /// # Errors
    /// If it cannot be written, here and below; not if nobody reads any more.
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

    /// Text of ours that is made for where it goes.
    pub(crate) fn styled(&mut self, text: &[u8]) -> io::Result<()> {
        self.out.write_all(text)
    }

    /// Makes what was written appear, before somebody else writes or answers.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Who reads along. Whoever has seen enough misses nothing, and what the command does goes on: what it
/// has said is not to be half done, and if it fails, that is its exit status.
struct Reader {
    out: Stdout,
    has_gone: bool,
}

impl Reader {
    fn unless_gone<T>(&mut self, result: io::Result<T>, otherwise: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.has_gone = true;
                Ok(otherwise)
            }
            result => result,
        }
    }
}

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.has_gone {
            return Ok(bytes.len());
        }
        let written = self.out.write(bytes);
        self.unless_gone(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.has_gone {
            return Ok(());
        }
        let flushed = self.out.flush();
        self.unless_gone(flushed, ())
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
