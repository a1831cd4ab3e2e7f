//! Descriptions, which may hold HTML, cut to the width of their column.

/// `text` cut to `width` visible characters; tags count nothing, entities count one.
pub fn cut(text: &[u8], width: Option<usize>) -> Vec<u8> {
    let Some(width) = width else {
        return text.to_vec();
    };
    let mut left = width;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if left == 0 && byte != b'<' {
            break;
        }
        let rest = text.get(at..).unwrap_or(b"");
        let end = match byte {
            b'<' => rest.iter().position(|&b| b == b'>'),
            b'&' => {
                left -= 1;
                rest.iter().position(|&b| b == b';')
            }
            _ => {
                left -= 1;
                Some(0)
            }
        };
        // A tag or an entity without end takes all the rest.
        let Some(end) = end else {
            return text.to_vec();
        };
        at += end + 1;
    }
    let mut kept = text.get(..at).unwrap_or(text).to_vec();
    if left == 0
        && at < text.len()
        && let Some(last) = kept.last_mut()
    {
        *last = b'>';
    }
    kept
}

/// The number of characters that people see of `text`.
pub fn visible_width(text: &[u8]) -> usize {
    let mut width = 0;
    let mut inside = None;
    for &byte in text {
        match (inside, byte) {
            (Some(end), byte) => {
                if byte == end {
                    inside = None;
                }
            }
            (None, b'<') => inside = Some(b'>'),
            (None, b'&') => {
                width += 1;
                inside = Some(b';');
            }
            (None, _) => width += 1,
        }
    }
    width
}
