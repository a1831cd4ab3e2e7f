//! Country codes, and regions.

use std::fmt;
use std::str;

/// A two-letter country code (ISO 3166-1 alpha-2, or what a geo database uses beside it, such as
/// `EU` or `A1`), kept in lower case so that comparing two is comparing two bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code([u8; 2]);

impl Code {
    /// `--`: the country is not known. It matches no country.
    pub const UNKNOWN: Self = Self(*b"--");
    /// `**`: the mirror counts as being in every client's country.
    pub const WILDCARD: Self = Self(*b"**");

    /// Reads a client's country: exactly two ASCII letters or digits, in either case. Everything
    /// else, `--` and the empty text among it, is unknown.
    pub fn parse(text: &str) -> Option<Self> {
        match *text.as_bytes() {
            [a, b] => Self::from_bytes([a, b]),
            _ => None,
        }
    }

    /// Reads a mirror's country: the first two characters count, `**` is [`Code::WILDCARD`], and
    /// what is no code is [`Code::UNKNOWN`].
    pub fn of_mirror(text: &str) -> Self {
        match *text.as_bytes() {
            [b'*', b'*', ..] => Self::WILDCARD,
            [a, b, ..] => Self::from_bytes([a, b]).unwrap_or(Self::UNKNOWN),
            _ => Self::UNKNOWN,
        }
    }

    /// The two characters in lower case; `--` if unknown.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or("--") // always ASCII: see the constructors
    }

    fn from_bytes(bytes: [u8; 2]) -> Option<Self> {
        bytes
            .iter()
            .all(u8::is_ascii_alphanumeric)
            .then(|| Self(bytes.map(|b| b.to_ascii_lowercase())))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({self})")
    }
}

/// A continent, or whatever else a site groups mirrors by in the `region` column, in lower case.
///
/// It lies inline, so that comparing a client with thousands of mirrors follows no pointers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region([u8; Self::MAX_LEN]); // ends in zeros; one comparison of 128 bits tells all

impl Region {
    /// The longest region in bytes. Geo databases name continents with two letters.
    pub const MAX_LEN: usize = 16;

    /// Reads a region or continent. Empty text, `--`, and text longer than [`Region::MAX_LEN`]
    /// bytes or with a control character in it is unknown.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text == "--" || text.chars().any(char::is_control) {
            return None;
        }
        let mut bytes = [0; Self::MAX_LEN];
        bytes
            .get_mut(..text.len())?
            .copy_from_slice(text.as_bytes());
        bytes.make_ascii_lowercase();
        Some(Self(bytes))
    }

    /// The text in lower case.
    pub fn as_str(&self) -> &str {
        let len = self.0.iter().position(|&b| b == 0).unwrap_or(Self::MAX_LEN);
        // Always UTF-8: lower-casing ASCII letters leaves the other bytes of a text alone.
        self.0
            .get(..len)
            .and_then(|b| str::from_utf8(b).ok())
            .unwrap_or("")
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_country_is_two_letters_or_digits() {
        for (text, code) in [("DE", "de"), ("de", "de"), ("A1", "a1"), ("eU", "eu")] {
            assert_eq!(
                Code::parse(text).map(|c| c.to_string()).as_deref(),
                Some(code),
                "{text}"
            );
        }
        for text in ["", "d", "deu", "--", "**", "d ", "d\n", "é", "\u{df}"] {
            assert_eq!(Code::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_mirror_country_is_the_first_two_characters() {
        for (text, code) in [
            ("DE", "de"),
            ("deu", "de"),
            ("**", "**"),
            ("**x", "**"),
            ("us ", "us"),
        ] {
            assert_eq!(Code::of_mirror(text).as_str(), code, "{text}");
        }
        for text in ["", "d", "--", "*", "d*", "é", "éé", "\r\n"] {
            assert_eq!(Code::of_mirror(text), Code::UNKNOWN, "{text:?}");
        }
    }

    #[test]
    fn regions_compare_without_case() {
        assert_eq!(Region::parse("EU"), Region::parse("eu"));
        assert_ne!(Region::parse("EU"), Region::parse("eur"));
        assert_eq!(
            Region::parse("Île").map(|r| r.to_string()).as_deref(),
            Some("Île")
        );
        assert_eq!(
            Region::parse("fifteen letters").map(|r| r.as_str().len()),
            Some(15)
        );
        for text in ["", "--", "seventeen letters", "e\nu", &"x".repeat(300)] {
            assert_eq!(Region::parse(text), None, "{text:?}");
        }
    }
}
