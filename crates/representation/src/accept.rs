//! Metalinks chosen by the `Accept` header (RFC 9110, section 12.5.1).
//!
//! A metalink is sent only to a client that names its media type. A range such as `*/*` never
//! chooses one, nor does its weight matter: every client that wants the file itself sends `*/*`,
//! and metalink clients send it beside the metalink's name.

use crate::Representation;

/// Weights in thousandths; what has no weight is not acceptable.
#[derive(Default)]
struct Weights {
    meta4: u16,
    metalink: u16,
}

/// The metalink that the header asks for, if any: the one with the higher weight, Metalink 4 when
/// both weigh the same. Several headers are to be joined with commas.
#[must_use]
pub fn metalink(accept: &[u8]) -> Option<Representation> {
    // Most clients name neither; they should not pay for the parser.
    if !contains_metalink(accept) {
        return None;
    }
    let mut weights = Weights::default();
    for element in split_quoted(accept, b',') {
        weights.note(element);
    }
    match (weights.meta4, weights.metalink) {
        (0, 0) => None,
        (meta4, metalink) if meta4 >= metalink => Some(Representation::Meta4),
        _ => Some(Representation::Metalink),
    }
}

impl Weights {
    /// Takes one element of the list. A type named more than once has its highest weight.
    fn note(&mut self, element: &[u8]) {
        let mut parts = split_quoted(element, b';');
        let media_type = parts.next().unwrap_or_default().trim_ascii();
        let weight = if media_type.eq_ignore_ascii_case(b"application/metalink4+xml") {
            &mut self.meta4
        } else if media_type.eq_ignore_ascii_case(b"application/metalink+xml") {
            &mut self.metalink
        } else {
            return;
        };
        *weight = (*weight).max(parts.find_map(quality).unwrap_or(1000));
    }
}

/// The weight, if this parameter is `q`. One that cannot be read weighs nothing.
fn quality(parameter: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(parameter).ok()?;
    let (name, value) = text.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let weight = value
        .trim()
        .parse::<f32>()
        .ok()
        .filter(|q| (0.0..=1.0).contains(q));
    // In range; anything above zero must stay above zero.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 1000"
    )]
    Some(weight.map_or(0, |q| (q * 1000.0).ceil() as u16))
}

fn contains_metalink(accept: &[u8]) -> bool {
    const WORD: &[u8] = b"metalink";
    accept
        .windows(WORD.len())
        .any(|w| w.eq_ignore_ascii_case(WORD))
}

/// Splits at a separator that does not stand inside a quoted string.
fn split_quoted(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |&byte| {
        if escaped {
            escaped = false;
        } else if quoted && byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            quoted = !quoted;
        }
        byte == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chosen(accept: &str) -> Option<Representation> {
        metalink(accept.as_bytes())
    }

    #[test]
    fn a_named_type_is_chosen() {
        let meta4 = Some(Representation::Meta4);
        let metalink = Some(Representation::Metalink);
        assert_eq!(chosen("application/metalink4+xml"), meta4);
        assert_eq!(chosen("application/metalink+xml"), metalink);
        assert_eq!(chosen("Application/Metalink4+XML ; level=1"), meta4);
        assert_eq!(
            chosen("*/*,application/metalink4+xml,application/metalink+xml"),
            meta4
        );
    }

    #[test]
    fn ranges_neither_choose_nor_outweigh() {
        assert_eq!(chosen("*/*"), None);
        assert_eq!(chosen("application/*"), None);
        let accept = "*/*;q=1, text/html, application/metalink+xml;q=0.001";
        assert_eq!(chosen(accept), Some(Representation::Metalink));
    }

    #[test]
    fn the_higher_weight_wins() {
        let accept = "application/metalink4+xml;q=0.5, application/metalink+xml;q=0.6";
        assert_eq!(chosen(accept), Some(Representation::Metalink));
        let accept = "application/metalink+xml;q=0.5, application/metalink4+xml;q=0.5";
        assert_eq!(chosen(accept), Some(Representation::Meta4));
    }

    #[test]
    fn m31_weight_zero_refuses() {
        for q in [
            "q=0", "Q=0", " q=0.000", "q=-1", "q=2", "q=x", "q=NaN", "q=inf", "q=",
        ] {
            assert_eq!(
                chosen(&format!("application/metalink4+xml;{q}")),
                None,
                "{q}"
            );
        }
        let accept = "application/metalink4+xml;q=0, application/metalink+xml;q=0.1";
        assert_eq!(chosen(accept), Some(Representation::Metalink));
    }

    #[test]
    fn m31_a_name_inside_another_word_is_not_meant() {
        for accept in [
            "xapplication/metalink4+xml",
            "application/metalink4+xml2",
            "text/html;a=\"x,application/metalink4+xml\"",
            "text/html;a=\"\\\",application/metalink4+xml,\"",
        ] {
            assert_eq!(chosen(accept), None, "{accept}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(accept in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = metalink(&accept);
            let _ = metalink(&[b"application/metalink4+xml;", &accept[..]].concat());
        }
    }
}
