//! What a client sends.

use representation::query::{Argument, QueryArguments};
use representation::{Representation, accept as accept_header, suffix as suffixes};

/// A query string.
pub fn query(input: &[u8]) {
    let query = QueryArguments::parse(input);
    if let Some(code) = query.country() {
        assert!(code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphanumeric()));
    }
    if let Some(representation) = query.representation() {
        assert!(query.has(representation.name()));
    }
    for name in ["as", "country", "newmirror", "only_hash", "fakefile", "a"] {
        match query.get(name) {
            Argument::Absent => assert!(!query.has(name)),
            Argument::Once(value) => assert_eq!(query.value(name), Some(value)),
            Argument::Repeated => assert_eq!(query.value(name), None),
        }
    }
    assert!(query.asn().is_none() || query.has("as"));
    // Order of names does not matter, and a pair more does not take one away.
    let longer = [input, b"&zzz=1"].concat();
    let longer = QueryArguments::parse(&longer);
    assert_eq!(longer.representation(), query.representation());
}

/// An `Accept` header.
pub fn accept(input: &[u8]) {
    let Some(chosen) = accept_header::metalink(input) else {
        return;
    };
    assert!(matches!(
        chosen,
        Representation::Meta4 | Representation::Metalink
    ));
    let lower = input.to_ascii_lowercase();
    let named: &[u8] = match chosen {
        Representation::Meta4 => b"application/metalink4+xml",
        _ => b"application/metalink+xml",
    };
    assert!(lower.windows(named.len()).any(|window| window == named));
    // One who only names them to refuse them gets none.
    if !input.contains(&b'"') && !input.contains(&b'\\') {
        let refusing = |element: &[u8]| [element, b";q=0"].concat();
        let first = |element: &[u8]| element.split(|&b| b == b';').next().map(refusing);
        let refused: Vec<Vec<u8>> = input.split(|&b| b == b',').filter_map(first).collect();
        assert_eq!(accept_header::metalink(&refused.join(&b',')), None);
    }
}

/// A path with a suffix.
pub fn suffix(input: &[u8]) {
    let Some((stem, representation)) = suffixes::strip(input) else {
        return;
    };
    let name = representation.name().as_bytes();
    assert_eq!([stem, b".", name].concat(), input);
    assert_eq!(Representation::from_name(name), Some(representation));
}
