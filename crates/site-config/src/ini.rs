//! The syntax of the file: that of Python 2's `ConfigParser`, whose files these were.
//!
//! - `[section]` begins a section, `key = value` or `key: value` sets a key. Of several equal sections
//!   the keys are joined, of several equal keys the last one counts. Keys are in lower case, however
//!   they are written; sections are as written. What `[DEFAULT]` sets holds in all sections.
//! - Lines that begin with `#`, `;` or the word `rem` are comments, and so is what follows ` ;` after
//!   a value, if that is the first semicolon: in `p;q ;x` there is no comment.
//! - A line that begins with a blank continues the value before it, on a line of its own.
//! - A value of `""` is empty.
//!
//! Values are taken literally: `%(name)s`, which the original replaced, is text.

use std::collections::HashMap;

/// The section whose values hold in all others.
const DEFAULT: &str = "DEFAULT";

/// A file, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ini {
    defaults: Section,
    sections: Vec<(String, Section)>,
}

/// The values of a section by key.
type Section = HashMap<String, Entry>;

/// A value and where its key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value, without blanks around.
    pub value: String,
    /// Counted from 1.
    pub line: usize,
}

/// Why a file is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// A key stands before the first section.
    #[error("line {0} stands before the first [section]")]
    NoSection(usize),
    /// A line is none of what a file consists of.
    #[error("line {0} is neither [section] nor key = value")]
    NoKey(usize),
}

/// Where the next keys go.
enum Place {
    Nowhere,
    Defaults,
    Section(usize),
}

impl Ini {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// The first line that cannot be understood.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut ini = Self::default();
        let mut place = Place::Nowhere;
        // The key that an indented line continues.
        let mut open: Option<String> = None;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.split('\n').enumerate() {
            let number = index + 1;
            if is_blank(line) || is_comment(line) {
                continue;
            }
            let begins_with_blank = line.starts_with(is_space);
            if let (true, Some(key)) = (begins_with_blank, &open) {
                if let Some(entry) = ini.at(&place).and_then(|section| section.get_mut(key)) {
                    entry.value.push('\n');
                    entry.value.push_str(trim(line));
                }
            } else if let Some(name) = section_name(line) {
                place = ini.enter(name);
                open = None;
            } else {
                let section = ini.at(&place).ok_or(SyntaxError::NoSection(number))?;
                let (key, value) = key_and_value(line).ok_or(SyntaxError::NoKey(number))?;
                let entry = Entry {
                    value: value.to_owned(),
                    line: number,
                };
                section.insert(key.clone(), entry);
                open = Some(key);
            }
        }
        Ok(ini)
    }

    fn at(&mut self, place: &Place) -> Option<&mut Section> {
        match *place {
            Place::Nowhere => None,
            Place::Defaults => Some(&mut self.defaults),
            Place::Section(index) => self.sections.get_mut(index).map(|(_, section)| section),
        }
    }

    fn enter(&mut self, name: &str) -> Place {
        if name == DEFAULT {
            return Place::Defaults;
        }
        let known = self.sections.iter().position(|(known, _)| known == name);
        Place::Section(known.unwrap_or_else(|| {
            self.sections.push((name.to_owned(), Section::default()));
            self.sections.len() - 1
        }))
    }

    /// The names of the sections but `[DEFAULT]`, in the order of the file.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|(name, _)| &**name)
    }

    /// Whether there is such a section.
    pub fn has_section(&self, name: &str) -> bool {
        self.sections().any(|known| known == name)
    }

    /// The value of a key, in lower case, in a section that exists.
    pub fn get(&self, section: &str, key: &str) -> Option<&Entry> {
        let (_, entries) = self.sections.iter().find(|(name, _)| name == section)?;
        entries.get(key).or_else(|| self.defaults.get(key))
    }

    /// The keys that a section sets itself, with their entries, in the order of the lines.
    pub fn entries(&self, section: &str) -> Vec<(&str, &Entry)> {
        let found = self.sections.iter().find(|(name, _)| name == section);
        let entries = found.into_iter().flat_map(|(_, entries)| entries);
        let mut entries: Vec<(&str, &Entry)> = entries.map(|(key, e)| (&**key, e)).collect();
        entries.sort_by_key(|(_, entry)| entry.line);
        entries
    }
}

/// What Python 2 calls a space.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

fn is_blank(line: &str) -> bool {
    trim(line).is_empty()
}

fn is_comment(line: &str) -> bool {
    let word = line.split(is_space).next().unwrap_or(line);
    line.starts_with(['#', ';']) || word.eq_ignore_ascii_case("rem")
}

/// What stands between `[` at the beginning and the first `]`; the rest of the line does not count.
fn section_name(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix('[')?.split_once(']')?;
    Some(name).filter(|name| !name.is_empty())
}

fn key_and_value(line: &str) -> Option<(String, &str)> {
    let (key, mut value) = line.split_once([':', '='])?;
    if key.is_empty() || key.starts_with(is_space) {
        return None;
    }
    value = trim(value);
    if let Some((before, _)) = value.split_once(';')
        && before.ends_with(is_space)
    {
        value = before;
    }
    let value = match trim(value) {
        "\"\"" => "",
        value => value,
    };
    Some((trim(key).to_lowercase(), value))
}
