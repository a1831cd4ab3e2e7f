//! Lines of `LIST`: there is no standard, but two manners, that of `ls -l` and that of DOS.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Item;
use crate::times::{clock, digits, local, month};
use crate::{Kind, Mode, Size, Time};

/// Reads a line in either manner.
pub fn read(line: &[u8]) -> Option<Item<'_>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    unix(line).or_else(|| dos(line))
}

/// Whether a line is there although it lists nothing: empty, or the sum of blocks.
pub fn is_said(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.is_empty()
        || line
            .strip_prefix(b"total ")
            .is_some_and(|sum| sum.first().is_some_and(u8::is_ascii_digit))
}

/// A word, and where it ends.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a [u8],
    end: usize,
}

/// The first words of a line, at most ten.
fn words(line: &[u8]) -> Vec<Word<'_>> {
    let mut words = Vec::with_capacity(10);
    let mut start = 0;
    for (place, byte) in line.iter().chain([&b' ']).enumerate() {
        if *byte != b' ' {
            continue;
        }
        if let Some(text) = line.get(start..place).filter(|text| !text.is_empty()) {
            words.push(Word { text, end: place });
        }
        start = place + 1;
        if words.len() == 10 {
            break;
        }
    }
    words
}

/// Type and permissions, links, owner, group (which some leave out), size, a date, one blank, and the name.
fn unix(line: &[u8]) -> Option<Item<'_>> {
    let kind = match line.first()? {
        b'-' => Kind::File,
        b'd' => Kind::Directory,
        b'l' => Kind::Symlink,
        b'b' | b'c' | b'p' | b's' => Kind::Other,
        _ => return None,
    };
    let mode = Mode::parse(line.get(1..)?)?;
    let words = words(line);
    // The date stands behind the size; what owners are called nobody knows.
    let (size, mtime, end) = (2..=6).find_map(|place| {
        let size = match digits::<u64>(words.get(place)?.text) {
            Some(size) => Size::Exact(size),
            // Numbers of a device.
            None => return None,
        };
        let (mtime, end) = date(words.get(place + 1..)?)?;
        Some((size, mtime, end))
    })?;
    let mut name = line.get(end..)?.strip_prefix(b" ")?;
    if kind == Kind::Symlink
        && let Some(arrow) = name.windows(4).position(|text| text == b" -> ")
    {
        name = name.get(..arrow)?;
    }
    (!name.is_empty()).then_some(Item {
        name,
        kind,
        size,
        mtime,
        mode: Some(mode),
    })
}

/// `Nov 14 22:13`, `Nov 14  2023`, `14 Nov 2023` or `2023-11-14 22:13`.
fn date(words: &[Word<'_>]) -> Option<(Time, usize)> {
    let [first, second, ..] = words else {
        return None;
    };
    if let Some(day) = iso(first.text) {
        let time = local(day, Some(clock(second.text)?));
        return Some((time.unwrap_or(Time::Unknown), second.end));
    }
    let third = words.get(2)?;
    let is_name = |text: &[u8]| {
        text.iter()
            .all(|b| b.is_ascii_alphabetic() || *b >= 0x80 || *b == b'.')
    };
    let (name, day) = match (digits::<i8>(first.text), digits::<i8>(second.text)) {
        (None, Some(day)) if is_name(first.text) => (first.text, day),
        (Some(day), None) if is_name(second.text) => (second.text, day),
        _ => return None,
    };
    if !(1..=31).contains(&day) {
        return None;
    }
    let year = digits::<i16>(third.text).filter(|year| *year >= 1000);
    let clock = clock(third.text);
    if year.is_none() && clock.is_none() {
        return None;
    }
    // Months have other names elsewhere; then nobody knows the time.
    let time = month(name).and_then(|month| match year {
        Some(year) => local((year, month, day), None),
        None => recent(month, day, clock, now()),
    });
    Some((time.unwrap_or(Time::Unknown), third.end))
}

fn iso(text: &[u8]) -> Option<(i16, i8, i8)> {
    let mut parts = text.split(|byte| *byte == b'-');
    let date = (
        digits(parts.next()?)?,
        digits(parts.next()?)?,
        digits(parts.next()?)?,
    );
    (parts.next().is_none() && date.0 >= 1000).then_some(date)
}

fn now() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// A time without a year is of the last twelve months: the last one that is not in the future, wherever the
/// clock is.
fn recent(month: i8, day: i8, clock: Option<(i8, i8, Option<i8>)>, now: i64) -> Option<Time> {
    let this = jiff::Timestamp::from_second(now).ok()?;
    let this = this.to_zoned(jiff::tz::TimeZone::UTC).year();
    (0..=2).find_map(|back| {
        let time = local((this + 1 - back, month, day), clock)?;
        let Time::Between(earliest, _) = time else {
            return None;
        };
        (earliest <= now + 3600).then_some(time)
    })
}

/// `11-14-23  10:13PM`, then `<DIR>` or the size in 20 columns together, a blank, and the name.
fn dos(line: &[u8]) -> Option<Item<'_>> {
    let words = words(line);
    let [date, time, third, ..] = words.as_slice() else {
        return None;
    };
    let date = dos_date(date.text)?;
    let clock = dos_clock(time.text)?;
    let rest = line.get(third.end..)?;
    let (kind, size, name) = match third.text {
        b"<DIR>" => (Kind::Directory, Size::Unknown, behind_column(rest)?),
        b"<SYMLINK>" | b"<SYMLINKD>" | b"<JUNCTION>" => {
            (Kind::Symlink, Size::Unknown, behind_column(rest)?)
        }
        size => {
            let plain: Vec<u8> = size.iter().copied().filter(|byte| *byte != b',').collect();
            let size = Size::Exact(digits(&plain)?);
            (Kind::File, size, rest.strip_prefix(b" ")?)
        }
    };
    (!name.is_empty()).then_some(Item {
        name,
        kind,
        size,
        mtime: local(date, Some(clock)).unwrap_or(Time::Unknown),
        mode: None,
    })
}

/// Where the word stands for a size there are blanks up to its column.
fn behind_column(rest: &[u8]) -> Option<&[u8]> {
    const BLANKS: &[u8] = b"          ";
    rest.strip_prefix(BLANKS)
        .or_else(|| Some(rest.trim_ascii_start()))
}

fn dos_date(text: &[u8]) -> Option<(i16, i8, i8)> {
    let mut parts = text.split(|byte| matches!(byte, b'-' | b'/'));
    let (month, day) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let year: i16 = digits(parts.next()?)?;
    if parts.next().is_some() {
        return None;
    }
    Some(match year {
        0..70 => (2000 + year, month, day),
        70..100 => (1900 + year, month, day),
        _ => (year, month, day),
    })
}

fn dos_clock(text: &[u8]) -> Option<(i8, i8, Option<i8>)> {
    let upper = text.to_ascii_uppercase();
    let (plain, half) = match (upper.strip_suffix(b"AM"), upper.strip_suffix(b"PM")) {
        (Some(plain), _) => (plain, Some(0)),
        (_, Some(plain)) => (plain, Some(12)),
        _ => (&*upper, None),
    };
    let (hour, minute, second) = clock(plain)?;
    match half {
        Some(_) if !(1..=12).contains(&hour) => None,
        Some(half) => Some((hour % 12 + half, minute, second)),
        None => Some((hour, minute, second)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    #[test]
    fn lines_of_ls_are_taken_apart() {
        for (line, name, kind, size) in [
            (
                "-rw-r--r--   1 ftp  ftp   77 Nov 14  2023  a b.txt",
                " a b.txt",
                Kind::File,
                77,
            ),
            (
                "-rw-r--r-- 1 0 0 4294979641 Nov 14 22:13 x",
                "x",
                Kind::File,
                4_294_979_641,
            ),
            (
                "drwxr-xr-x 2 user 4096 Nov 14 2023 no group",
                "no group",
                Kind::Directory,
                4096,
            ),
            (
                "lrwxrwxrwx 1 0 0 6 Nov 14 22:13 link -> a -> b",
                "link",
                Kind::Symlink,
                6,
            ),
            (
                "-rw-r--r--+ 1 two words grp 5 Nov 14 2023 5 Nov 14 2023",
                "5 Nov 14 2023",
                Kind::File,
                5,
            ),
            (
                "-rw-r--r-- 1 a b 5 2023-11-14 22:13 iso",
                "iso",
                Kind::File,
                5,
            ),
            (
                "-rw-r--r-- 1 a b 5 14 Nov 2023 other order",
                "other order",
                Kind::File,
                5,
            ),
            (
                "-rw-r--r-- 1 a b 5 d\u{e9}c. 14 2023 elsewhere",
                "elsewhere",
                Kind::File,
                5,
            ),
        ] {
            let item = read(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(String::from_utf8_lossy(item.name), name);
            assert_eq!((item.kind, item.size), (kind, Size::Exact(size)), "{line}");
        }
        for line in [
            "",
            "total 5",
            "drwxr-xr-x",
            "line",
            "-rw-r--r-- 1 a b x Nov 14 2023 y",
            "-rw-r--r-- 1 a b 5 Nov 14 2023 ",
            "-rw-r--r-- 1 a b 5 Nov 40 2023 x",
        ] {
            assert_eq!(read(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn lines_of_dos_are_taken_apart() {
        for (line, name, kind, size) in [
            (
                "11-14-23  10:13PM       <DIR>           leading",
                " leading",
                Kind::Directory,
                None,
            ),
            (
                "11-14-2023  12:13AM               12345 a b",
                "a b",
                Kind::File,
                Some(12345),
            ),
            (
                "11-14-23  22:13          4,294,979,641  x",
                " x",
                Kind::File,
                Some(4_294_979_641),
            ),
            (
                "11-14-23  10:13PM       <JUNCTION>     j",
                "j",
                Kind::Symlink,
                None,
            ),
        ] {
            let line = format!("{line}\r");
            let item = read(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(
                (String::from_utf8_lossy(item.name).as_ref(), item.kind),
                (name, kind)
            );
            assert_eq!(item.size, size.map_or(Size::Unknown, Size::Exact), "{line}");
            assert!(item.mtime.may_be(1_700_000_000, DAY), "{line}");
        }
        for line in [
            "11-14-23  13:13PM 1 x",
            "11-14-23  10:13PM x y",
            "99-99  10:13PM 1 x",
        ] {
            assert_eq!(read(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn times_are_hints() {
        let of = |line: &str| read(line.as_bytes()).unwrap().mtime;
        let time = of("-rw-r--r-- 1 a b 5 Nov 14 2023 x");
        assert!(time.may_be(1_700_000_000, 0) && !time.may_be(1_700_000_000 + 2 * DAY, 0));
        // 2023-11-14, seen on 2023-11-15 and, with one of the same name, a year later.
        let clock = Some((22, 13, None));
        for (now, second) in [
            (1_700_080_000, 1_700_000_000),
            (1_700_000_000 + 300 * DAY, 1_700_000_000),
        ] {
            let time = recent(11, 14, clock, now).unwrap();
            assert!(
                time.may_be(second, 0) && !time.may_be(second + 365 * DAY, 0),
                "{time:?}"
            );
        }
        // New Year's Eve elsewhere.
        let time = recent(1, 1, Some((5, 0, None)), 1_704_050_000).unwrap();
        assert!(time.may_be(1_704_050_000, DAY), "{time:?}");
        assert_eq!(recent(13, 1, clock, 1_700_000_000), None);
    }
}
