//! Text in the administrator's editor, with a look at what was changed before it counts.

use crate::error::Failure;
use crate::output::Output;
use similar::{ChangeTag, TextDiff};
use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use tempfile::NamedTempFile;

/// What came of it.
pub(crate) enum Edited {
    /// This text is to be saved.
    Saved(Draft),
    /// Nothing is to be saved.
    Left,
}

/// A text that somebody has taken pains with.
pub(crate) struct Draft {
    text: String,
    file: NamedTempFile,
}

impl Draft {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Ends it. If it could not be saved its file stays, and the failure says where.
    pub fn end<T>(self, saved: Result<T, Failure>) -> Result<T, Failure> {
        saved.map_err(|failure| match self.file.keep() {
            Ok((_, path)) => {
                let place = format!("what you wrote is kept in {}", path.display());
                failure.also(place)
            }
            Err(_) => failure,
        })
    }
}

/// Has `text` edited until the administrator is content with it, or has had enough.
///
/// # Errors
/// If the editor cannot be run.
pub(crate) fn edit(text: &str, out: &mut Output) -> Result<Edited, Failure> {
    let file = tempfile::Builder::new()
        .prefix("mb-")
        .suffix(".txt")
        .tempfile()?;
    fs::write(file.path(), text)?;
    loop {
        out.flush()?;
        run_editor(file.path())?;
        let edited = fs::read(file.path())?;
        let edited = match String::from_utf8(edited) {
            Ok(edited) => edited,
            Err(_) => {
                let text = String::new();
                let failure = Failure::new("the text is not UTF-8; nothing was saved");
                return Draft { text, file }.end(Err(failure));
            }
        };
        if edited == text {
            out.line("No changes.")?;
            out.line("Quitting.")?;
            return Ok(Edited::Left);
        }
        show_difference(text, &edited, out)?;
        match ask(out)? {
            Answer::Yes => {
                let text = edited;
                return Ok(Edited::Saved(Draft { text, file }));
            }
            Answer::No => {
                out.line("Quitting.")?;
                return Ok(Edited::Left);
            }
            Answer::Again => {}
        }
    }
}

/// `$EDITOR` may have arguments, so a shell takes it apart, as everywhere else.
fn run_editor(file: &Path) -> Result<(), Failure> {
    let set = |name| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let editor = set("EDITOR").or_else(|| set("VISUAL"));
    let editor = editor.unwrap_or_else(|| "vim".to_owned());
    let status = Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg("mb")
        .arg(file)
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(
        Failure::new(format!("the editor \"{editor}\" failed ({status})"))
            .hint("the environment variable EDITOR names another; nothing was changed"),
    )
}

fn show_difference(old: &str, new: &str, out: &mut Output) -> io::Result<()> {
    for change in TextDiff::from_lines(old, new).iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => "- ",
            ChangeTag::Insert => "+ ",
            ChangeTag::Equal => "  ",
        };
        let line = change.value().trim_end_matches('\n');
        out.line(format_args!("{sign}{line}"))?;
    }
    out.text("\n\n")
}

enum Answer {
    Yes,
    No,
    Again,
}

/// An empty answer is yes, as in the original; no answer at all is no.
fn ask(out: &mut Output) -> io::Result<Answer> {
    loop {
        out.line("Save changes?")?;
        out.text("y)es, n)o, e)dit again: ")?;
        out.flush()?;
        let mut answer = String::new();
        if io::stdin().read_line(&mut answer)? == 0 {
            return Ok(Answer::No);
        }
        match answer.trim() {
            "" | "y" | "Y" | "yes" => return Ok(Answer::Yes),
            "n" | "N" | "no" => return Ok(Answer::No),
            "e" | "E" | "edit" => return Ok(Answer::Again),
            _ => {}
        }
    }
}
