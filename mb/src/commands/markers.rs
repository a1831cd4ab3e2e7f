//! `mb markers`

use crate::cli::{Changes, Facts};
use crate::editor::{self, Edited};
use crate::error::Failure;
use crate::output::{Cell, Table};
use crate::session::Session;
use clap::Args;
use mirror_db::tables::columns::Columns;
use mirror_db::tables::marker::{self, Marker};

const HEAD: &str = "\
# One marker a line: the name of a subtree, the delimiter, and files. A mirror carries the subtree
# if it has all of the files. * and % stand for anything; !file means that it is not there.
";

/// Arguments of `mb markers`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Edit them
    #[arg(short, long)]
    edit: bool,

    /// What stands between name and files
    #[arg(
        short,
        long,
        value_name = "SEP",
        default_value = "|",
        allow_hyphen_values = true
    )]
    delimiter: String,

    #[command(flatten)]
    facts: Facts,

    #[command(flatten)]
    changes: Changes,
}

/// A line of the text that names no files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: \"{text}\" is not a name, \"{delimiter}\" and files")]
pub struct MarkerError {
    line: usize,
    text: String,
    delimiter: String,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let delimiter = arguments.delimiter.trim();
    if delimiter.is_empty() {
        return Err(Failure::new("the delimiter is empty"));
    }
    let markers = marker::all(session.connection()?)?;
    if arguments.edit {
        return edit(arguments, &markers, delimiter, session);
    }
    let out = &mut session.out;
    if arguments.facts.json {
        out.json(&markers)?;
    } else if out.is_terminal() {
        let mut table = Table::new(["subtree", "files"]);
        for marker in &markers {
            table.row([
                Cell::text(&marker.subtree_name),
                Cell::text(marker.files.join(" ")),
            ]);
        }
        out.table(&table)?;
    } else {
        out.line(text(&markers, delimiter))?;
    }
    Ok(())
}

fn edit(
    arguments: &Arguments,
    markers: &[Marker],
    delimiter: &str,
    session: &mut Session,
) -> Result<(), Failure> {
    if let Some(marker) = markers
        .iter()
        .find(|marker| !is_readable(marker, delimiter))
    {
        let name = &marker.subtree_name;
        return Err(
            Failure::new(format!("\"{name}\" would be misread with \"{delimiter}\""))
                .hint("another delimiter that is in no name will do: -d SEP"),
        );
    }
    let text = format!("{HEAD}{}", text(markers, delimiter));
    let Edited::Saved(draft) = editor::edit(&text, &mut session.out)? else {
        return Ok(());
    };
    let saved = save(arguments, markers, draft.text(), delimiter, session);
    draft.end(saved)
}

/// Puts what was edited in place of the markers that it was made from.
fn save(
    arguments: &Arguments,
    markers: &[Marker],
    edited: &str,
    delimiter: &str,
    session: &mut Session,
) -> Result<(), Failure> {
    let new = parse(edited, delimiter)
        .map_err(|error| Failure::new(format!("{error}; nothing was saved")))?;
    let what = format!("save {} markers", new.len());
    session.change(arguments.changes.dry_run, what, |connection| {
        check(&new, &Columns::of(connection, "marker")?)?;
        if marker::lock(connection)? != markers {
            let sentence = "the markers were changed meanwhile; nothing was saved";
            return Err(Failure::new(sentence).hint("edit them again"));
        }
        marker::replace(connection, &new)?;
        Ok(())
    })
}

/// One a line, as [`parse`] reads them.
pub fn text(markers: &[Marker], delimiter: &str) -> String {
    let line = |marker: &Marker| {
        let files = marker.files.join(" ");
        format!("{} {delimiter} {files}\n", marker.subtree_name)
    };
    markers.iter().map(line).collect()
}

/// Whether a line of [`text`] is read as what it was made from.
pub fn is_readable(marker: &Marker, delimiter: &str) -> bool {
    let name = &marker.subtree_name;
    let line = format!("{name} {delimiter}");
    name.trim() == name
        && !name.starts_with('#')
        && !name.contains('\n')
        && line.find(delimiter) == Some(name.len() + 1)
}

/// Reads markers, one a line; lines that begin with `#` say nothing.
///
/// # Errors
/// The first line without delimiter or without name.
pub fn parse(text: &str, delimiter: &str) -> Result<Vec<Marker>, MarkerError> {
    let mut markers = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let (name, files) = match line.split_once(delimiter) {
            Some((name, files)) if !name.trim().is_empty() => (name.trim(), files),
            _ => {
                return Err(MarkerError {
                    line: index + 1,
                    text: line.to_owned(),
                    delimiter: delimiter.to_owned(),
                });
            }
        };
        markers.push(Marker {
            subtree_name: name.to_owned(),
            files: files.split_whitespace().map(str::to_owned).collect(),
        });
    }
    Ok(markers)
}

/// Whether the columns hold them.
fn check(markers: &[Marker], columns: &Columns) -> Result<(), Failure> {
    for marker in markers {
        let files = marker.files.join(" ");
        for (column, text) in [("subtree_name", &marker.subtree_name), ("markers", &files)] {
            let length = text.chars().count();
            if columns.width(column).is_some_and(|width| length > width) {
                let name = &marker.subtree_name;
                let sentence = format!("{name}: {column} has {length} characters, too many");
                return Err(Failure::new(sentence));
            }
        }
    }
    Ok(())
}
