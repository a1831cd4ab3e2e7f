//! How a directory is to be listed, as the configuration and the client say it: two files of the
//! module once more, as in [`super::listing`].

use super::fields;
use super::listing::escape;
use options::{Flags, Options};
use percent_encoding::percent_decode;
use query::{Direction, Key, View};
use std::cell::{Cell, OnceCell};
use std::ffi::{CStr, CString};

#[path = "../../../mod_autoindex_mb/src/options.rs"]
#[allow(dead_code, reason = "nothing makes a page here")]
mod options;
#[path = "../../../mod_autoindex_mb/src/query.rs"]
#[allow(dead_code, reason = "nothing makes a page here")]
mod query;

/// The words of an `IndexOptions`, those of one in an inner section, and the query of a client.
pub fn view(input: &[u8]) {
    let mut fields = fields(input);
    let (outer, inner) = (options(fields.next()), options(fields.next()));
    let flags = outer.merge(&inner).flags;
    let query = fields.next().unwrap_or_default();
    let decoder = Decoder::of(query);
    let first = read(flags, query, &decoder);
    // What links repeat stays within its attribute.
    assert!(first.carried.iter().all(u8::is_ascii_graphic));
    assert!(!first.carried.iter().any(|byte| b"<>\"#".contains(byte)));
    // And says the same once more, but for separators, which mod_autoindex does not encode either.
    let start = first.carried.windows(3).position(|part| part == b";P=");
    let pattern = start.and_then(|start| first.carried.get(start + 3..));
    if pattern.is_some_and(|pattern| pattern.iter().any(|byte| b"&;".contains(byte))) {
        return;
    }
    let repeated = [b"C=N;O=A", &first.carried[..]].concat();
    let decoder = Decoder::of(&repeated);
    let second = read(flags, &repeated, &decoder);
    assert_eq!(second.flags, first.flags);
    // Another difference that is mod_autoindex's: `P=a;P=` lists all, and its links only `a`.
    assert!(
        first
            .pattern
            .is_none_or(|pattern| second.pattern == Some(pattern))
    );
    assert_eq!(second.carried, first.carried);
    assert_eq!(
        (second.key, second.direction),
        (Key::Name, Direction::Ascending)
    );
}

/// Directives that were refused leave the ones before in force.
fn options(words: Option<&[u8]>) -> Options {
    let mut options = Options::default();
    for directive in words.unwrap_or_default().split(|&byte| byte == b'\n') {
        let before = options.clone();
        let words = directive.split(|&byte| byte == b' ');
        if let Err(error) = options.read(words.filter(|word| !word.is_empty())) {
            assert!(!error.is_empty());
            assert_eq!(options.flags, before.flags);
            assert_eq!(options.name_width, before.name_width);
        }
    }
    options
}

fn read<'d>(flags: Flags, query: &[u8], decoder: &'d Decoder) -> View<'d> {
    let mut view = View {
        flags,
        key: Key::Name,
        direction: Direction::Ascending,
        pattern: None,
        carried: Vec::new(),
    };
    view.read(query, |text| decoder.unescape(text));
    view
}

/// Decodes as httpd does, and keeps the texts.
struct Decoder {
    /// One for each argument that may come.
    texts: Vec<OnceCell<CString>>,
    next: Cell<usize>,
}

impl Decoder {
    fn of(query: &[u8]) -> Self {
        let arguments = query.iter().filter(|byte| b"&;".contains(byte)).count() + 1;
        Self {
            texts: vec![OnceCell::new(); arguments],
            next: Cell::new(0),
        }
    }

    fn unescape(&self, text: &[u8]) -> Option<&CStr> {
        let is_good = |escape: &[u8]| {
            let digits = escape.get(..2).unwrap_or_default();
            digits.len() == 2
                && digits.iter().all(u8::is_ascii_hexdigit)
                && !digits.eq_ignore_ascii_case(b"2f")
        };
        if !text.split(|&byte| byte == b'%').skip(1).all(is_good) {
            return None;
        }
        let decoded: Vec<u8> = percent_decode(text).collect();
        let decoded = CString::new(decoded).ok()?;
        let cell = self
            .texts
            .get(self.next.replace(self.next.get() + 1))
            .expect("a place for each argument");
        Some(cell.get_or_init(|| decoded))
    }
}
