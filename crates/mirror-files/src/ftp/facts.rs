//! Lines of `MLSD` (RFC 3659).

use super::Item;
use crate::times::{digits, utc};
use crate::{Kind, Mode, Size, Time};

/// Reads a line: facts, each with a semicolon behind it, a blank, and the name.
pub fn read(line: &[u8]) -> Option<Item<'_>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // No value has a blank in it.
    let end = line.iter().position(|byte| *byte == b' ')?;
    let (facts, name) = (line.get(..end)?, line.get(end + 1..)?);
    if name.is_empty() || !(facts.is_empty() || facts.ends_with(b";")) {
        return None;
    }
    let mut item = Item {
        name,
        kind: Kind::Other,
        size: Size::Unknown,
        mtime: Time::Unknown,
        mode: None,
    };
    for fact in facts.split(|byte| *byte == b';') {
        let Some(equals) = fact.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        let value = fact.get(equals + 1..).unwrap_or_default();
        match &*fact.get(..equals).unwrap_or_default().to_ascii_lowercase() {
            b"type" => match kind(&value.to_ascii_lowercase()) {
                Some(kind) => item.kind = kind,
                // The directory itself, and the one above it.
                None => item.name = b".",
            },
            b"size" => item.size = digits(value).map_or(Size::Unknown, Size::Exact),
            b"modify" => item.mtime = time(value).map_or(Time::Unknown, Time::Exact),
            b"unix.mode" => item.mode = mode(value),
            _ => {}
        }
    }
    Some(item)
}

fn kind(value: &[u8]) -> Option<Kind> {
    Some(match value {
        b"cdir" | b"pdir" => return None,
        b"file" => Kind::File,
        b"dir" => Kind::Directory,
        value if value.starts_with(b"os.unix=s") || value == b"link" => Kind::Symlink,
        _ => Kind::Other,
    })
}

/// `YYYYMMDDHHMMSS`, perhaps with a fraction, in UTC.
fn time(value: &[u8]) -> Option<i64> {
    let part = |from: usize, to: usize| digits(value.get(from..to)?);
    let clock = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    if !matches!(value.get(14), None | Some(b'.')) {
        return None;
    }
    utc(digits(value.get(..4)?)?, part(4, 6)?, part(6, 8)?, clock)
}

fn mode(value: &[u8]) -> Option<Mode> {
    let text = std::str::from_utf8(value).ok()?;
    let bits = u16::from_str_radix(text, 8).ok()?;
    Some(Mode(bits & 0o7777))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_exact() {
        let line = b"modify=20231114221320;perm=adfr;size=4294979641;type=file;unique=8U1;UNIX.mode=0644;  a; b \r";
        let item = read(line).unwrap();
        assert_eq!((item.name, item.kind), (&b" a; b "[..], Kind::File));
        assert_eq!(
            (item.size, item.mtime),
            (Size::Exact(4_294_979_641), Time::Exact(1_700_000_000))
        );
        assert_eq!(item.mode, Some(Mode(0o644)));
        let item = read(b"Type=OS.unix=slink:/x;Modify=20231114221320.123; l").unwrap();
        assert_eq!(
            (item.kind, item.mtime),
            (Kind::Symlink, Time::Exact(1_700_000_000))
        );
        assert_eq!(read(b"type=cdir; /pub").unwrap().name, b".");
        assert_eq!(read(b" no facts").unwrap().kind, Kind::Other);
        for text in [
            "",
            "x",
            "type=file;",
            "type=file; ",
            "type=file name",
            "-rw-r--r-- 1 a b 1 Nov 14 2023 x",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        let item = read(b"type=file;size=-1;modify=20231314221320;UNIX.mode=9; x").unwrap();
        assert_eq!(
            (item.size, item.mtime, item.mode),
            (Size::Unknown, Time::Unknown, None)
        );
    }
}
