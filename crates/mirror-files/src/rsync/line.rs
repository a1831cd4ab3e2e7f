//! Lines of a listing.

use std::borrow::Cow;

use crate::{Kind, Mode, Time};

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// What it is.
    pub kind: Kind,
    /// Who may do what.
    pub mode: Mode,
    /// Bytes.
    pub size: u64,
    /// When it was last changed.
    pub mtime: Time,
    /// Below what is listed, as the file system has it.
    pub name: Cow<'a, [u8]>,
}

/// Reads a line: permissions, size, `YYYY/MM/DD HH:MM:SS` of UTC, one blank, and the name to the end of the line.
pub fn entry(line: &[u8]) -> Option<Found<'_>> {
    let (kind, rest) = line.split_first()?;
    let kind = match kind {
        b'-' => Kind::File,
        b'd' => Kind::Directory,
        b'l' => Kind::Symlink,
        b'b' | b'c' | b'p' | b's' => Kind::Other,
        _ => return None,
    };
    let mode = Mode::parse(rest)?;
    let rest = rest.get(9..)?.strip_prefix(b" ")?.trim_ascii_start();
    let (size, rest) = word(rest)?;
    let (date, rest) = word(rest)?;
    let (clock, name) = word(rest)?;
    if name.is_empty() {
        return None;
    }
    Some(Found {
        kind,
        mode,
        size: number(size)?,
        mtime: time(date, clock)?,
        name: unescape(name),
    })
}

/// The first word, and what is behind one blank.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b' ')?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

/// Digits; old versions put commas between them.
fn number(text: &[u8]) -> Option<u64> {
    let mut number = None;
    for byte in text {
        match byte {
            b'0'..=b'9' => {
                let so_far: u64 = number.unwrap_or(0);
                number = Some(
                    so_far
                        .checked_mul(10)?
                        .checked_add(u64::from(byte - b'0'))?,
                );
            }
            b',' if number.is_some() => {}
            _ => return None,
        }
    }
    number
}

/// Of years that have no date in a calendar nobody knows the time.
fn time(date: &[u8], clock: &[u8]) -> Option<Time> {
    let [year, month, day] = three(date, b'/')?;
    let [hour, minute, second] = three(clock, b':')?;
    let small = |number: u64| i8::try_from(number).ok();
    let (month, day) = (small(month)?, small(day)?);
    let (hour, minute, second) = (small(hour)?, small(minute)?, small(second)?);
    let civil = i16::try_from(year).ok().and_then(|year| {
        jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()
    });
    let timestamp = civil.and_then(|civil| jiff::tz::TimeZone::UTC.to_timestamp(civil).ok());
    Some(timestamp.map_or(Time::Unknown, |time| Time::Exact(time.as_second())))
}

fn three(text: &[u8], separator: u8) -> Option<[u64; 3]> {
    let mut parts = text.split(|byte| *byte == separator);
    let numbers = [
        number(parts.next()?)?,
        number(parts.next()?)?,
        number(parts.next()?)?,
    ];
    parts.next().is_none().then_some(numbers)
}

/// Names have `\#` and three octal digits for each control character, and for a backslash that would be taken
/// for such an escape.
fn unescape(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.windows(2).any(|pair| pair == b"\\#") {
        return Cow::Borrowed(name);
    }
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, behind)) = rest.split_first() {
        match escaped(rest) {
            Some(byte) => {
                plain.push(byte);
                rest = rest.get(5..).unwrap_or_default();
            }
            None => {
                plain.push(*first);
                rest = behind;
            }
        }
    }
    Cow::Owned(plain)
}

fn escaped(text: &[u8]) -> Option<u8> {
    let digits = text.strip_prefix(b"\\#")?.get(..3)?;
    let value = digits.iter().try_fold(0_u16, |value, digit| match digit {
        b'0'..=b'7' => Some(value * 8 + u16::from(digit - b'0')),
        _ => None,
    })?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_taken_apart() {
        let line = entry(b"-rw-r--r-- 123,456,789,012 1969/12/31 23:59:58   a b \xff").unwrap();
        assert_eq!((line.kind, line.size), (Kind::File, 123_456_789_012));
        assert_eq!(
            (line.mtime, &*line.name),
            (Time::Exact(-2), &b"  a b \xff"[..])
        );
        assert_eq!(line.mode.to_string(), "rw-r--r--");
        let line = entry(b"drwxrwsr-t        4096 2040/02/29 00:00:00 d").unwrap();
        assert_eq!(
            (line.kind, line.mtime),
            (Kind::Directory, Time::Exact(2_214_086_400))
        );
        for text in [
            "",
            "x",
            "skipping non-regular file \"a\"",
            "-rw-r--r--",
            "-rw-r--r-- 1 2040/02/29 00:00:00 ",
            "-rw-r--r--           1 2040/02/29",
            "-rw-r--r--          -1 2040/02/29 00:00:00 x",
            "-rw-r--r--           1 2040-02-29 00:00:00 x",
            "@ERROR: Unknown module 'x'",
        ] {
            assert_eq!(entry(text.as_bytes()), None, "{text}");
        }
        let line = entry(b"-rw-r--r-- 1 99999/02/29 00:00:00 x").unwrap();
        assert_eq!(line.mtime, Time::Unknown);
    }

    #[test]
    fn escapes_stand_for_bytes() {
        for (name, plain) in [
            ("new\\#012line", "new\nline"),
            ("bs\\#134#012", "bs\\#012"),
            ("\\#", "\\#"),
            ("\\#01", "\\#01"),
            ("\\#089", "\\#089"),
            ("\\#777", "\\#777"),
            ("\\\\#012", "\\\n"),
        ] {
            assert_eq!(&*unescape(name.as_bytes()), plain.as_bytes(), "{name}");
        }
    }

    /// As rsync does it (log.c).
    fn escape(name: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        for (place, byte) in name.iter().enumerate() {
            let is_escape = name.get(place..).and_then(escaped_digits).is_some();
            if *byte < b' ' && *byte != b'\t' || *byte == 0x7f || is_escape {
                text.extend_from_slice(format!("\\#{byte:03o}").as_bytes());
            } else {
                text.push(*byte);
            }
        }
        text
    }

    fn escaped_digits(text: &[u8]) -> Option<()> {
        let digits = text.strip_prefix(b"\\#")?.get(..3)?;
        digits.iter().all(u8::is_ascii_digit).then_some(())
    }

    proptest! {
        #[test]
        fn whatever_a_name_is_it_comes_back(name in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\\'), Just(b'#'), b'0'..b'8'], 1..40)) {
            let escaped = escape(&name);
            prop_assert_eq!(&*unescape(&escaped), &*name);
        }
    }
}
