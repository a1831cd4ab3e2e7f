//! Values the way Python 2 shows them, as the original's output has them.

use std::fmt::Write;

/// `True` or `False`.
pub fn flag(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// `repr` of a string of bytes: quoted by `'`, or by `"` if it has the one and not the other.
pub fn repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        b'"'
    } else {
        b'\''
    };
    let mut text = String::with_capacity(bytes.len() + 2);
    text.push(char::from(quote));
    for &byte in bytes {
        match byte {
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            _ if byte == quote => {
                text.push('\\');
                text.push(char::from(byte));
            }
            0x20..=0x7e => text.push(char::from(byte)),
            // Writing to a String cannot fail.
            _ => drop(write!(text, "\\x{byte:02x}")),
        }
    }
    text.push(char::from(quote));
    text
}

/// `repr` of a list of strings.
pub fn repr_list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| repr(item.as_bytes())).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_python_2_shows_them() {
        for (bytes, text) in [
            (&b"plain"[..], "'plain'"),
            (b"it's", "\"it's\""),
            (b"'\"", "'\\'\"'"),
            (b"say \"x\"", "'say \"x\"'"),
            (b"\\\n\r\t\0\x7f", "'\\\\\\n\\r\\t\\x00\\x7f'"),
            ("ü".as_bytes(), "'\\xc3\\xbc'"),
        ] {
            assert_eq!(repr(bytes), text);
        }
        assert_eq!(repr_list(&["a".into(), "b".into()]), "['a', 'b']");
    }
}
