//! What `mb makehashes` says: in a pipe the original's lines, on a terminal a bar and a summary, or JSON.

use super::Arguments;
use crate::output::{Bars, ManyBars, Output};
use crate::session::warn;
use background::Progress;
use serde::Serialize;
use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// The original's; with `-v` more of them.
    Lines {
        is_verbose: bool,
    },
    Terminal,
    Json,
}

/// What came of a run, as JSON has it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Totals {
    pub directories: u64,
    /// Whose hashes were up to date
    pub unchanged: u64,
    pub hashed: u64,
    pub hashed_bytes: u64,
    /// Signatures that were replaced alone
    pub signatures: u64,
    /// Rows of files that are gone
    pub removed: u64,
    /// Files that are still being written
    pub changing: Vec<String>,
    /// Files and directories that could not be read
    pub failed: Vec<String>,
    /// Directories that others work on
    pub locked: Vec<String>,
}

pub(super) struct Report<'a> {
    style: Style,
    out: &'a mut Output,
    bars: ManyBars,
    bar: Arc<Bars>,
    clock: Instant,
    pub totals: Totals,
}

impl<'a> Report<'a> {
    pub fn new(arguments: &Arguments, out: &'a mut Output) -> Self {
        let is_verbose = arguments.verbose;
        let style = match out.is_terminal() && !is_verbose && !arguments.dry_run {
            _ if arguments.facts.json => Style::Json,
            true => Style::Terminal,
            false => Style::Lines { is_verbose },
        };
        let bars = ManyBars::new(style == Style::Terminal);
        Self {
            style,
            out,
            bar: Arc::new(bars.bar()),
            bars,
            clock: Instant::now(),
            totals: Totals::default(),
        }
    }

    /// Whether anybody sees how far it has come.
    pub fn has_bar(&self) -> bool {
        self.style == Style::Terminal
    }

    /// Where bytes are counted, by any thread.
    pub fn bar(&self) -> Arc<Bars> {
        Arc::clone(&self.bar)
    }

    /// A line of the original's.
    pub fn line(&mut self, line: impl Display) -> io::Result<()> {
        match self.style {
            Style::Lines { .. } => self.out.line(line),
            _ => Ok(()),
        }
    }

    /// One that is said with `-v`.
    pub fn verbose(&mut self, line: impl Display) -> io::Result<()> {
        match self.style {
            Style::Lines { is_verbose: true } => self.out.line(line),
            _ => Ok(()),
        }
    }

    /// Makes lines appear.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    pub fn warn(&self, text: impl Display) {
        self.bars.beside(|| warn(text));
    }

    /// Says what is left to say.
    pub fn end(self) -> io::Result<()> {
        self.bar.end();
        let totals = &self.totals;
        match self.style {
            Style::Lines { .. } => Ok(()),
            Style::Json => self.out.json(totals),
            Style::Terminal => {
                let seconds = self.clock.elapsed().as_secs();
                let bytes = indicatif::HumanBytes(totals.hashed_bytes);
                self.out.line(format_args!(
                    "{} files hashed ({bytes} in {seconds} s), {} unchanged, {} gone",
                    totals.hashed, totals.unchanged, totals.removed
                ))
            }
        }
    }
}
