//! The original's lines, and those for people.

use crate::time::ctime;
use mirror_db::tables::server::Server;
use scanner::{Event, Note, Outcome, Protocol};

/// A line of the original's.
pub(super) struct Line {
    /// The number of `-q` that it is still said at.
    pub quiet: u8,
    /// Whether the time stands in front.
    pub is_dated: bool,
    /// What is said.
    pub text: String,
}

impl Line {
    pub fn dated(text: impl Into<String>) -> Self {
        let (quiet, is_dated) = (0, true);
        let text = text.into();
        Self {
            quiet,
            is_dated,
            text,
        }
    }

    fn undated(text: String) -> Self {
        Self {
            is_dated: false,
            ..Self::dated(text)
        }
    }
}

/// What the original says of an event.
pub(super) fn of(event: &Event<'_>, subtree: &str) -> Vec<Line> {
    let place = |text: &str| match subtree {
        "" => format!("total files {text}"),
        subtree => format!("files in '{subtree}' {text}"),
    };
    match event {
        Event::Began => vec![Line::dated("starting")],
        Event::Before(files) => {
            vec![Line::dated(format!("{}: {files}", place("before scan")))]
        }
        Event::Note(note) => notes(note),
        Event::Listed(files, elapsed) => {
            let seconds = elapsed.as_secs();
            let rate = files / seconds.max(1);
            let text = format!("scanned {files} files ({rate}/s) in {seconds}s");
            vec![Line::dated(text)]
        }
        Event::Gone(files) => vec![Line::dated(format!("files to be purged: {files}"))],
        Event::After(files, delta, elapsed) => {
            let total = if subtree.is_empty() { "" } else { "total " };
            let after = format!("{total}{}: {files} (delta: {delta})", place("after scan"));
            let purged = format!("purged old files in {}s.", elapsed.as_secs());
            let after = Line {
                quiet: 1,
                ..Line::dated(after)
            };
            vec![after, Line::dated(purged)]
        }
        _ => Vec::new(),
    }
}

fn notes(note: &Note<'_>) -> Vec<Line> {
    let line = match note {
        Note::Empty(protocol, path) => {
            let text = format!("Error: cd size is zero! Illegal file {path}");
            let mut lines = vec![Line {
                quiet: u8::MAX,
                ..Line::undated(text)
            }];
            if *protocol == Protocol::Rsync {
                let text = format!("warning: {path} cannot be delivered via HTTP! Skipping");
                lines.push(Line::undated(text));
            }
            return lines;
        }
        Note::Unreadable(mode, path) => {
            Line::undated(format!("bad mode {mode}, skipping file {path}"))
        }
        Note::NoRanges(url) => Line::dated(format!(
            "Error: range error: filesize broken for file {url}"
        )),
        Note::MovedToFtp => Line::dated("Moved to ftp location, assuming success if followed"),
        Note::Status(status) => Line::dated(format!("Error {status} occured")),
        _ => return Vec::new(),
    };
    vec![line]
}

/// A line with the mirror in front, and the time before that.
pub(super) fn text(mirror: &Server, line: &Line) -> String {
    let name = &mirror.identifier;
    let text = &line.text;
    match line.is_dated {
        true => format!("{} {name}: {text}", ctime()),
        false => format!("{name}: {text}"),
    }
}

/// For people.
pub(super) fn summary(mirror: &Server, outcome: &Outcome) -> String {
    let Outcome {
        after,
        added,
        removed,
        deviating,
        ..
    } = outcome;
    let name = &mirror.identifier;
    let over = outcome.protocol.map(Protocol::as_str).unwrap_or("-");
    let word = outcome.word();
    format!(
        "{name:<30} {word:<10} {over:<5} {after:>9} files  +{added} -{removed}  {deviating} deviating"
    )
}
