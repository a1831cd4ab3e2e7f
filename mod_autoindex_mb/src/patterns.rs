//! Lists of what files look like: icons, texts, descriptions, and names left out.

use apache::{FileMatch, FileType};
use std::ffi::{CStr, CString};
use std::sync::Arc;

/// Lists of nested sections, the innermost first. Sharing them makes a merge cheap.
pub struct Layers<T>(Vec<Arc<Vec<T>>>);

impl<T> Default for Layers<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Layers<T> {
    /// Appends to the section that is being read.
    pub fn push(&mut self, item: T) {
        if let Some(own) = self.0.first_mut().and_then(Arc::get_mut) {
            own.push(item);
        } else {
            self.0.insert(0, Arc::new(vec![item]));
        }
    }

    /// `self` in front of `outer`.
    pub fn before(&self, outer: &Self) -> Self {
        Self(self.0.iter().chain(&outer.0).cloned().collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flat_map(|layer| layer.iter())
    }
}

/// A pattern of `*` and `?`, in the form that is quickest to compare.
pub enum Pattern {
    Any,
    Prefix(Box<[u8]>),
    Suffix(Box<[u8]>),
    Wild(CString),
}

impl Pattern {
    pub fn new(text: CString) -> Self {
        let bytes = text.as_bytes();
        let literal = |part: &[u8]| !part.iter().any(|b| b"*?".contains(b));
        match bytes {
            b"*" => Self::Any,
            [b'*', rest @ ..] if literal(rest) => Self::Suffix(rest.into()),
            [rest @ .., b'*'] if literal(rest) => Self::Prefix(rest.into()),
            _ => Self::Wild(text),
        }
    }

    /// Whether the whole of `text` matches.
    pub fn matches(&self, text: &CStr) -> bool {
        match self {
            Self::Any => true,
            Self::Prefix(prefix) => text.to_bytes().starts_with(prefix),
            Self::Suffix(suffix) => text.to_bytes().ends_with(suffix),
            Self::Wild(pattern) => apache::simple_match(text, pattern),
        }
    }
}

/// `a` and `b` in one C string; neither has a NUL inside.
fn join(a: &[u8], b: &CStr) -> CString {
    CString::new([a, b.to_bytes()].concat()).unwrap_or_default()
}

/// What an icon or a text is chosen by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    Path,
    Type,
    Encoding,
}

/// One `AddIcon...` or `AddAlt...`: what to show for the files that match.
pub struct Choice {
    by: By,
    /// The files of the section it stands in.
    section: Pattern,
    to: To,
    shown: Box<[u8]>,
}

enum To {
    Everything,
    Path(Pattern),
    Word(CString),
}

/// The icon, text or description of directories has no file name; these names stand for it.
pub const DIRECTORY: &CStr = c"^^DIRECTORY^^";
/// The icon in the heading of the icon column.
pub const BLANK_ICON: &CStr = c"^^BLANKICON^^";

impl Choice {
    /// `section` is the path of the section the directive stands in.
    pub fn new(by: By, section: Option<&CStr>, to: &CStr, shown: &[u8]) -> Self {
        let section = join(section.map_or(b"", CStr::to_bytes), c"*");
        let to = match by {
            _ if to.is_empty() && by != By::Path => To::Everything,
            By::Path if to == c"**DIRECTORY**" => To::Path(Pattern::new(join(b"*", DIRECTORY))),
            By::Path if apache::has_simple_wildcard(to) => To::Path(Pattern::new(to.into())),
            By::Path => To::Path(Pattern::new(join(b"*", to))),
            By::Type => To::Word(to.into()),
            By::Encoding => {
                To::Word(CString::new(to.to_bytes().to_ascii_lowercase()).unwrap_or_default())
            }
        };
        Self {
            by,
            section: Pattern::new(section),
            to,
            shown: shown.into(),
        }
    }
}

impl Layers<Choice> {
    /// Whether a choice needs the type of a file.
    pub fn need_types(&self) -> bool {
        self.iter().any(|choice| choice.by != By::Path)
    }

    /// What to show for the file `path`. `types` is `None` for a directory, which is chosen by
    /// name alone, and for the names that stand for something else.
    pub fn find(&self, path: &CStr, types: Option<FileType<'_>>) -> Option<&[u8]> {
        if self.0.is_empty() {
            return None;
        }
        let stands_for = path.to_bytes().starts_with(b"^");
        let media_type = types
            .and_then(|types| types.content_type)
            .map(without_parameters);
        let chosen = self.iter().find(|choice| {
            if !stands_for && !choice.section.matches(path) {
                return false;
            }
            match (&choice.to, choice.by) {
                (To::Everything, _) => true,
                (To::Path(pattern), _) => pattern.matches(path),
                (To::Word(word), _) if stands_for => apache::simple_match(path, word),
                // A file with an encoding is not chosen by type: text.gz is no text.
                (To::Word(word), By::Type) => {
                    types.is_some_and(|types| types.encoding.is_none())
                        && media_type.as_deref().is_some_and(|media_type| {
                            apache::simple_match_ignoring_case(media_type, word)
                        })
                }
                (To::Word(word), _) => types
                    .and_then(|types| types.encoding)
                    .is_some_and(|encoding| apache::simple_match_ignoring_case(encoding, word)),
            }
        });
        chosen.map(|choice| &*choice.shown)
    }
}

/// The media type in front of `;`.
pub fn without_parameters(content_type: &CStr) -> std::borrow::Cow<'_, CStr> {
    let bytes = content_type.to_bytes();
    match bytes.iter().position(|&b| b == b';') {
        None => content_type.into(),
        Some(end) => {
            let bare = bytes.get(..end).unwrap_or(bytes).trim_ascii_end();
            CString::new(bare).unwrap_or_default().into()
        }
    }
}

/// One `AddDescription`.
pub struct Description {
    pattern: CString,
    /// The pattern has a slash: it is compared with the whole path.
    whole_path: bool,
    wildcards: bool,
    text: Box<[u8]>,
}

impl Description {
    pub fn new(to: &CStr, text: &[u8]) -> Self {
        let whole_path = to.to_bytes().contains(&b'/');
        let wildcards = whole_path || apache::has_file_wildcard(to);
        let pattern = if wildcards {
            let prefix: &[u8] = if whole_path { b"*/" } else { b"*" };
            join(prefix, &join(to.to_bytes(), c"*"))
        } else {
            to.into()
        };
        Self {
            pattern,
            whole_path,
            wildcards,
            text: text.into(),
        }
    }

    fn is_for(&self, path: &CStr, name: &CStr) -> bool {
        if self.wildcards {
            let text = if self.whole_path { path } else { name };
            return apache::file_match(&self.pattern, text, FileMatch::Plain);
        }
        let pattern = self.pattern.as_bytes();
        let name = name.to_bytes();
        name.windows(pattern.len().max(1))
            .any(|part| part == pattern)
            || pattern.is_empty()
    }
}

impl Layers<Description> {
    /// The description of the file `path`.
    pub fn find(&self, path: &CStr) -> Option<&[u8]> {
        if self.0.is_empty() {
            return None;
        }
        let name = last_component(path);
        self.iter()
            .find(|description| description.is_for(path, name))
            .map(|description| &*description.text)
    }
}

/// One word of `IndexIgnore`.
pub struct Ignored {
    section: Pattern,
    name: Pattern,
}

impl Ignored {
    pub fn new(section: Option<&CStr>, name: &CStr) -> Self {
        Self {
            section: Pattern::new(join(section.map_or(b"", CStr::to_bytes), c"*")),
            name: Pattern::new(last_component(name).into()),
        }
    }
}

impl Layers<Ignored> {
    /// Whether the file `path` is left out.
    pub fn ignore(&self, path: &CStr) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let name = last_component(path);
        self.iter()
            .any(|ignored| ignored.name.matches(name) && ignored.section.matches(path))
    }
}

/// What follows the last slash.
pub fn last_component(path: &CStr) -> &CStr {
    let bytes = path.to_bytes_with_nul();
    let start = bytes
        .iter()
        .rposition(|&b| b == b'/')
        .map_or(0, |at| at + 1);
    bytes
        .get(start..)
        .and_then(|bytes| CStr::from_bytes_with_nul(bytes).ok())
        .unwrap_or(path)
}
