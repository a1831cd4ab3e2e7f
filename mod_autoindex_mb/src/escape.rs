//! Text for HTML and for the path of a URL, as httpd's own escapes write it.

/// What keeps a byte from standing as it is: bits.
const HTML: u8 = 1;
const URL: u8 = 2;
const COLON: u8 = 4;

static SPECIAL: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let c = byte as u8;
        if matches!(c, b'<' | b'>' | b'&' | b'"') {
            table[byte] |= HTML;
        }
        if !is_plain(c) {
            table[byte] |= URL;
        }
        if c == b':' {
            table[byte] |= COLON;
        }
        byte += 1;
    }
    table
};

fn special(text: &[u8]) -> u8 {
    let bits = |byte: &u8| SPECIAL.get(usize::from(*byte)).copied().unwrap_or(0);
    text.iter().fold(0, |found, byte| found | bits(byte))
}

/// Appends `text` for HTML text and attribute values.
pub fn html(text: &[u8], out: &mut Vec<u8>) {
    if special(text) & HTML == 0 {
        out.extend_from_slice(text);
        return;
    }
    for &byte in text {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            _ => out.push(byte),
        }
    }
}

/// Appends `text` for HTML text alone: quotes stay.
pub fn html_text(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            _ => out.push(byte),
        }
    }
}

/// Bytes of a file name that may stand in a URL's path as they are.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'$' | b'-'
                | b'_'
                | b'.'
                | b'+'
                | b'!'
                | b'*'
                | b'\''
                | b'('
                | b')'
                | b','
                | b':'
                | b';'
                | b'@'
                | b'&'
                | b'='
                | b'/'
                | b'~'
        )
}

/// Appends part of a path, percent-encoded (RFC 3986).
pub fn url_part(text: &[u8], out: &mut Vec<u8>) {
    if special(text) & URL == 0 {
        out.extend_from_slice(text);
        return;
    }
    for &byte in text {
        if is_plain(byte) {
            out.push(byte);
        } else {
            const DIGITS: &[u8; 16] = b"0123456789abcdef";
            let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
            out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// Appends the relative path `text` for an HTML attribute, percent-encoded. A colon in its first
/// segment would read as a scheme: `./` keeps it a path.
pub fn url_path_in_html(text: &[u8], out: &mut Vec<u8>) {
    // As most names do.
    if special(text) == 0 {
        out.extend_from_slice(text);
        return;
    }
    let first_segment = text.split(|&b| b == b'/').next().unwrap_or(b"");
    if first_segment.contains(&b':') {
        out.extend_from_slice(b"./");
    }
    // `&` is the only character of an encoded path that HTML escapes.
    if text.contains(&b'&') {
        let mut path = Vec::with_capacity(text.len() + 8);
        url_part(text, &mut path);
        html(&path, out);
    } else {
        url_part(text, out);
    }
}
