//! What an administrator has made of the text of a mirror.
//!
//! A line `name : value` sets a field, up to the mark above the comment; lines that begin with `#` say
//! nothing. A value of several lines goes on in indented ones. Between the marks everything is comment.

use super::{COMMENT_MARK, FIELDS};
use mirror_db::tables::server::Server;
use std::collections::HashMap;
use std::fmt::Write;

/// How far values stand to the right.
const INDENT: &str = "                 ";

const HEAD: &str = "\
# Each line is a field; what you remove or leave as it is stays. An empty value or None clears a
# field. The identifier is changed by mb rename. Between the two marks below is the comment.
";

/// Why a text is none of a mirror.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A line that sets nothing.
    #[error("line {line}: \"{text}\" is no field and does not continue one")]
    NoField {
        /// Counted from 1.
        line: usize,
        /// What it says.
        text: String,
    },
    /// A field that is set twice.
    #[error("line {line}: {name} is there already")]
    Twice {
        /// Counted from 1.
        line: usize,
        /// The field.
        name: &'static str,
    },
}

/// The text of a mirror, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// Values by the name of the field, without blanks around.
    pub values: HashMap<&'static str, String>,
    /// What stands between the marks; `None` without them.
    pub comment: Option<String>,
}

/// The text of a mirror to be edited.
pub fn to_edit(mirror: &Server) -> String {
    let mut text = HEAD.to_owned();
    for (name, value) in FIELDS {
        let value = value(mirror).replace('\n', &format!("\n{INDENT}"));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<15}: {value}");
    }
    let comment = &mirror.comment;
    let _ = writeln!(text, "{COMMENT_MARK}\n{comment}\n{COMMENT_MARK}");
    text
}

impl Text {
    /// Reads a text.
    ///
    /// # Errors
    /// The first line that makes no sense.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let (fields, comment) = split(text);
        let mut values = HashMap::new();
        let mut open: Option<&'static str> = None;
        for (index, line) in fields.lines().enumerate() {
            let number = index + 1;
            if line.starts_with('#') || (line.trim().is_empty() && open.is_none()) {
                continue;
            }
            // Editors may take away blanks at the end of a line.
            let continues = line.is_empty() || line.starts_with([' ', '\t']);
            if let Some((name, value)) = field(line) {
                if values.insert(name, value.to_owned()).is_some() {
                    return Err(TextError::Twice { line: number, name });
                }
                open = Some(name);
            } else if let (true, Some(value)) =
                (continues, open.and_then(|name| values.get_mut(name)))
            {
                let line = line.strip_prefix(INDENT).unwrap_or(line.trim_start());
                value.push('\n');
                value.push_str(line);
            } else {
                let text = line.to_owned();
                return Err(TextError::NoField { line: number, text });
            }
        }
        for value in values.values_mut() {
            *value = value.trim().to_owned();
        }
        Ok(Self { values, comment })
    }
}

/// The lines before the first mark, and what stands between it and the last one.
fn split(text: &str) -> (&str, Option<String>) {
    let at_start = format!("{COMMENT_MARK}\n");
    let mark = format!("\n{COMMENT_MARK}\n");
    let (fields, rest) = match text.strip_prefix(&at_start) {
        Some(rest) => ("", rest),
        None => match text.split_once(&mark) {
            Some(parts) => parts,
            None => return (text, None),
        },
    };
    // A comment may have a mark in it, and the last line feed may be gone.
    let end = rest.trim_end_matches(['\n', ' ']);
    let comment = match end.strip_suffix(COMMENT_MARK) {
        Some("") => "",
        Some(comment) => comment.strip_suffix('\n').unwrap_or(comment),
        None => rest.strip_suffix('\n').unwrap_or(rest),
    };
    (fields, Some(comment.to_owned()))
}

fn field(line: &str) -> Option<(&'static str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let mut names = FIELDS.iter().map(|(known, _)| *known);
    Some((names.find(|known| *known == name)?, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirror() -> Server {
        Server {
            identifier: "a.example".to_owned(),
            public_notes: "one\n\n two\nscore : 7".to_owned(),
            comment: format!("# no\n\n{COMMENT_MARK}\nscore : 9\n"),
            ..Server::default()
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let text = Text::parse(&to_edit(&mirror())).unwrap();
        assert_eq!(text.values.len(), FIELDS.len());
        assert_eq!(text.values["identifier"], "a.example");
        assert_eq!(text.values["publicNotes"], mirror().public_notes);
        assert_eq!(text.values["score"], "0");
        assert_eq!(text.comment, Some(mirror().comment));
    }

    #[test]
    fn an_empty_comment_stays_empty() {
        for comment in ["", "\n", "x", " "] {
            let mirror = Server {
                comment: comment.to_owned(),
                ..Server::default()
            };
            let text = Text::parse(&to_edit(&mirror)).unwrap();
            assert_eq!(text.comment.as_deref(), Some(comment));
        }
    }

    #[test]
    fn a_line_that_makes_no_sense_is_named() {
        let error = |text| Text::parse(text).unwrap_err().to_string();
        assert_eq!(
            error("asn : 1\nsocre : 2\n"),
            "line 2: \"socre : 2\" is no field and does not continue one"
        );
        assert_eq!(error("asn : 1\nasn: 2\n"), "line 2: asn is there already");
    }
}
