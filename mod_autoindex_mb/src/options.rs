//! The `IndexOptions` directive: keywords, their `+` and `-` forms, and how sections combine.

use std::sync::Arc;

/// A set of keywords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    pub const FANCY_INDEXING: Self = Self(1);
    pub const FOLDERS_FIRST: Self = Self(1 << 1);
    pub const HTML_TABLE: Self = Self(1 << 2);
    pub const ICONS_ARE_LINKS: Self = Self(1 << 3);
    pub const IGNORE_CASE: Self = Self(1 << 4);
    pub const IGNORE_CLIENT: Self = Self(1 << 5);
    pub const SCAN_HTML_TITLES: Self = Self(1 << 6);
    pub const SUPPRESS_COLUMN_SORTING: Self = Self(1 << 7);
    pub const SUPPRESS_DESCRIPTION: Self = Self(1 << 8);
    pub const SUPPRESS_HTML_PREAMBLE: Self = Self(1 << 9);
    pub const SUPPRESS_ICON: Self = Self(1 << 10);
    pub const SUPPRESS_LAST_MODIFIED: Self = Self(1 << 11);
    pub const SUPPRESS_SIZE: Self = Self(1 << 12);
    pub const SUPPRESS_RULES: Self = Self(1 << 13);
    pub const TRACK_MODIFIED: Self = Self(1 << 14);
    pub const VERSION_SORT: Self = Self(1 << 15);
    pub const XHTML: Self = Self(1 << 16);
    pub const SHOW_FORBIDDEN: Self = Self(1 << 17);
    pub const ADD_ALT_CLASS: Self = Self(1 << 18);
    pub const USE_OLD_DATE_FORMAT: Self = Self(1 << 19);
    pub const NONE: Self = Self(1 << 20);
    /// MirrorBrain's: a link to the mirror list of each file.
    pub const MIRRORLIST: Self = Self(1 << 21);
    /// MirrorBrain's: a link to the metalink of each file.
    pub const METALINK: Self = Self(1 << 22);
    /// MirrorBrain's: a page in the HTML of today.
    pub const HTML5: Self = Self(1 << 23);

    /// Whether any of `others` is in the set.
    pub fn has(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Keywords that switch something on or off.
const KEYWORDS: &[(&str, Flags)] = &[
    ("FancyIndexing", Flags::FANCY_INDEXING),
    ("FoldersFirst", Flags::FOLDERS_FIRST),
    ("HTMLTable", Flags::HTML_TABLE),
    ("IconsAreLinks", Flags::ICONS_ARE_LINKS),
    ("IgnoreCase", Flags::IGNORE_CASE),
    ("IgnoreClient", Flags::IGNORE_CLIENT),
    ("ScanHTMLTitles", Flags::SCAN_HTML_TITLES),
    ("SuppressColumnSorting", Flags::SUPPRESS_COLUMN_SORTING),
    ("SuppressDescription", Flags::SUPPRESS_DESCRIPTION),
    ("SuppressHTMLPreamble", Flags::SUPPRESS_HTML_PREAMBLE),
    ("SuppressIcon", Flags::SUPPRESS_ICON),
    ("SuppressLastModified", Flags::SUPPRESS_LAST_MODIFIED),
    ("SuppressSize", Flags::SUPPRESS_SIZE),
    ("SuppressRules", Flags::SUPPRESS_RULES),
    ("TrackModified", Flags::TRACK_MODIFIED),
    ("VersionSort", Flags::VERSION_SORT),
    ("XHTML", Flags::XHTML),
    ("ShowForbidden", Flags::SHOW_FORBIDDEN),
    ("AddAltClass", Flags::ADD_ALT_CLASS),
    ("UseOldDateFormat", Flags::USE_OLD_DATE_FORMAT),
    ("Mirrorlist", Flags::MIRRORLIST),
    ("Metalink", Flags::METALINK),
    ("HTML5", Flags::HTML5),
];

/// The width of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// So many bytes.
    Fixed(usize),
    /// As wide as the widest entry, and no narrower than this.
    Widest(usize),
}

impl Width {
    /// In bytes, whatever the entries.
    pub fn least(self) -> usize {
        match self {
            Self::Fixed(width) | Self::Widest(width) => width,
        }
    }
}

/// Width of the name and description columns where nothing else is said.
pub const DEFAULT_WIDTH: usize = 23;
const DEFAULT_ICON_WIDTH: u32 = 20;
const DEFAULT_ICON_HEIGHT: u32 = 22;

/// What all `IndexOptions` of a section say.
#[derive(Clone, Default)]
pub struct Options {
    /// Keywords in force.
    pub flags: Flags,
    /// Keywords given with `+`, which go on to inner sections.
    added: Flags,
    /// Keywords given with `-`.
    removed: Flags,
    /// `None`: not said.
    pub name_width: Option<Width>,
    /// `None`: not said.
    pub description_width: Option<Width>,
    /// Pixels; 0 leaves the attribute out.
    pub icon_width: u32,
    /// Pixels; 0 leaves the attribute out.
    pub icon_height: u32,
    /// MIME type of the listing.
    pub content_type: Option<Arc<[u8]>>,
    /// Its charset.
    pub charset: Option<Arc<[u8]>>,
}

/// The sign in front of a keyword.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Absolute,
    Plus,
    Minus,
}

impl Options {
    /// Reads the words of one directive.
    pub fn read<'w>(&mut self, words: impl Iterator<Item = &'w [u8]>) -> Result<(), String> {
        let mut next = self.clone();
        for word in words {
            let (sign, word) = match word {
                [b'+', rest @ ..] => (Sign::Plus, rest),
                [b'-', rest @ ..] => (Sign::Minus, rest),
                _ => (Sign::Absolute, word),
            };
            next.read_word(sign, word)?;
        }
        if next.flags.has(Flags::NONE) && !next.flags.without(Flags::NONE).is_empty() {
            return Err("Cannot combine other IndexOptions keywords with 'None'".to_owned());
        }
        *self = next;
        Ok(())
    }

    fn read_word(&mut self, sign: Sign, word: &[u8]) -> Result<(), String> {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        if let Some((_, flag)) = KEYWORDS.iter().find(|(keyword, _)| is(keyword)) {
            self.switch(sign, *flag);
            return Ok(());
        }
        if is("None") {
            if sign != Sign::Absolute {
                return Err("Cannot combine '+' or '-' with 'None' keyword".to_owned());
            }
            self.flags = Flags::default();
            self.switch(sign, Flags::NONE);
            return Ok(());
        }
        match split_value(word) {
            (b"IconWidth", value) => {
                self.icon_width = pixels("IconWidth", sign, value, DEFAULT_ICON_WIDTH)?;
            }
            (b"IconHeight", value) => {
                self.icon_height = pixels("IconHeight", sign, value, DEFAULT_ICON_HEIGHT)?;
            }
            (b"NameWidth", value) => {
                self.name_width = Some(width("NameWidth", sign, value, 5, self.name_width)?);
            }
            (b"DescriptionWidth", value) => {
                let before = self.description_width;
                self.description_width = Some(width("DescriptionWidth", sign, value, 12, before)?);
            }
            (b"Type", Some(value)) => self.content_type = Some(value.into()),
            (b"Charset", Some(value)) => self.charset = Some(value.into()),
            _ => return Err("Invalid directory indexing option".to_owned()),
        }
        self.switch(sign, Flags::default());
        Ok(())
    }

    fn switch(&mut self, sign: Sign, flag: Flags) {
        match sign {
            Sign::Absolute => {
                self.flags = self.flags.with(flag);
                self.added = Flags::default();
                self.removed = Flags::default();
            }
            Sign::Plus => {
                self.added = self.added.with(flag);
                self.removed = self.removed.without(flag);
            }
            Sign::Minus => {
                self.removed = self.removed.with(flag);
                self.added = self.added.without(flag);
            }
        }
    }

    /// `inner` laid over `self`.
    pub fn merge(&self, inner: &Self) -> Self {
        let (flags, added, removed) = self.merge_flags(inner);
        Self {
            flags,
            added,
            removed,
            name_width: inner.name_width.or(self.name_width),
            description_width: inner.description_width.or(self.description_width),
            icon_width: if inner.icon_width != 0 {
                inner.icon_width
            } else {
                self.icon_width
            },
            icon_height: if inner.icon_height != 0 {
                inner.icon_height
            } else {
                self.icon_height
            },
            content_type: inner.content_type.clone().or(self.content_type.clone()),
            charset: inner.charset.clone().or(self.charset.clone()),
        }
    }

    fn merge_flags(&self, inner: &Self) -> (Flags, Flags, Flags) {
        if inner.flags == Flags::NONE {
            // `None` also ends what outer sections pass on with `+` and `-`.
            return (Flags::NONE, Flags::default(), Flags::default());
        }
        if !inner.flags.is_empty() {
            // Unsigned keywords stand alone, whatever was signed or said outside.
            return (inner.flags, Flags::default(), Flags::default());
        }
        let added = self.added.with(inner.added).without(inner.removed);
        let removed = self.removed.with(inner.removed);
        (self.flags.with(added).without(removed), added, removed)
    }
}

/// `Keyword` or `Keyword=value`, the keyword in the spelling of the documentation.
fn split_value(word: &[u8]) -> (&'static [u8], Option<&[u8]>) {
    let (keyword, value) = match word.iter().position(|&b| b == b'=') {
        Some(at) => word.split_at(at),
        None => (word, &b""[..]),
    };
    let known: [&[u8]; 6] = [
        b"IconWidth",
        b"IconHeight",
        b"NameWidth",
        b"DescriptionWidth",
        b"Type",
        b"Charset",
    ];
    let known = known
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(keyword));
    (known.unwrap_or(b""), value.strip_prefix(b"="))
}

/// The leading digits of `text`, as C's atoi reads them; 0 if there are none.
fn number(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let value = digits
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .fold(0_i64, |value, b| {
            value.saturating_mul(10).saturating_add(i64::from(b - b'0'))
        });
    let value = value.min(i64::from(i32::MAX));
    if negative { -value } else { value }
}

fn pixels(keyword: &str, sign: Sign, value: Option<&[u8]>, default: u32) -> Result<u32, String> {
    match (sign, value) {
        (Sign::Minus, None) => Ok(0),
        (_, None) => Ok(default),
        (Sign::Minus, Some(_)) => Err(format!("Cannot combine '-' with {keyword}=n")),
        (_, Some(value)) => Ok(u32::try_from(number(value)).unwrap_or(0)),
    }
}

/// `before` is what the section said so far.
fn width(
    keyword: &str,
    sign: Sign,
    value: Option<&[u8]>,
    least: i64,
    before: Option<Width>,
) -> Result<Width, String> {
    match (sign, value) {
        (Sign::Minus, None) => Ok(Width::Fixed(DEFAULT_WIDTH)),
        (_, None) => Err(format!(
            "{keyword} with no value may only appear as '-{keyword}'"
        )),
        (Sign::Minus, Some(_)) => Err(format!("Cannot combine '-' with {keyword}=n")),
        (_, Some([b'*', ..])) => Ok(Width::Widest(before.map_or(DEFAULT_WIDTH, Width::least))),
        (_, Some(value)) => {
            let width = number(value);
            if width != 0 && width < least {
                return Err(format!("{keyword} value must be greater than {least}"));
            }
            Ok(Width::Fixed(usize::try_from(width).unwrap_or(0)))
        }
    }
}
