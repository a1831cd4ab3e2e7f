//! Query arguments, read as HTML forms send them.
//!
//! Pairs are separated by `&`; name and value by the first `=`; both have `+` for a space and are
//! percent-decoded (a `%` that no two hexadecimal digits follow stays). Names are compared without
//! regard to ASCII case. A name without `=` counts as given, with an empty value. A name given
//! more than once counts as given, but has no usable value: neither the first nor the last wins.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::Representation;

/// More pairs than any client of ours sends; the rest is ignored, so that a long query costs
/// little.
const MAX_ARGUMENTS: usize = 64;

/// The arguments of a query string.
#[derive(Debug, Clone, Default)]
pub struct QueryArguments<'a> {
    pairs: Vec<Pair<'a>>,
}

/// Name and value, decoded.
type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// What a query says about one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument<'q> {
    /// The name is not there.
    Absent,
    /// Given once, with this value (empty if there was none).
    Once(&'q [u8]),
    /// Given more than once.
    Repeated,
}

impl<'a> QueryArguments<'a> {
    /// Reads a raw query string (what follows the `?`). Any bytes will do.
    #[must_use]
    pub fn parse(query: &'a [u8]) -> Self {
        let words = query.split(|&b| b == b'&').filter(|word| !word.is_empty());
        Self {
            pairs: words.take(MAX_ARGUMENTS).map(pair).collect(),
        }
    }

    /// Whether there is no argument at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// What the query says about that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Argument<'_> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (None, _) => Argument::Absent,
            (Some(value), None) => Argument::Once(value),
            (Some(_), Some(_)) => Argument::Repeated,
        }
    }

    /// The name's value, if it is there exactly once.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        match self.get(name) {
            Argument::Once(value) => Some(value),
            Argument::Absent | Argument::Repeated => None,
        }
    }

    /// Whether the name is there, with or without value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// The representation asked for; of several the latest in [`Representation::ALL`].
    #[must_use]
    pub fn representation(&self) -> Option<Representation> {
        if self.is_empty() {
            return None;
        }
        Representation::ALL
            .into_iter()
            .rev()
            .find(|r| self.has(r.name()))
    }

    /// `newmirror`: do not use a remembered mirror.
    #[must_use]
    pub fn new_mirror(&self) -> bool {
        self.has("newmirror")
    }

    /// `only_hash`: the hash without the file's name.
    #[must_use]
    pub fn only_hash(&self) -> bool {
        self.has("only_hash")
    }

    /// `fakefile`: redirect small files too. Only for trusted clients.
    #[must_use]
    pub fn fake_file(&self) -> bool {
        self.has("fakefile")
    }

    /// `country`: two ASCII letters or digits, case as given; else it is ignored.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        let code = self.value("country")?;
        let valid = code.len() == 2 && code.iter().all(u8::is_ascii_alphanumeric);
        std::str::from_utf8(code).ok().filter(|_| valid)
    }

    /// `as`: the leading decimal digits; `None` without any, or beyond 32 bits.
    #[must_use]
    pub fn asn(&self) -> Option<u32> {
        let value = self.value("as")?;
        let end = value
            .iter()
            .position(|b| !b.is_ascii_digit())
            .unwrap_or(value.len());
        std::str::from_utf8(value.get(..end)?).ok()?.parse().ok()
    }

    fn values<'q>(&'q self, name: &str) -> impl Iterator<Item = &'q [u8]> {
        let named = move |pair: &&Pair<'a>| pair.0.eq_ignore_ascii_case(name.as_bytes());
        self.pairs.iter().filter(named).map(|(_, value)| &value[..])
    }
}

fn pair(word: &[u8]) -> Pair<'_> {
    let mut parts = word.splitn(2, |&b| b == b'=');
    let mut next = || parts.next().map(decode).unwrap_or_default();
    (next(), next())
}

fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return percent_decode(text).into();
    }
    let spaced: Vec<u8> = text
        .iter()
        .map(|&b| if b == b'+' { b' ' } else { b })
        .collect();
    Cow::Owned(percent_decode(&spaced).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Digest;

    fn parse(query: &str) -> QueryArguments<'_> {
        QueryArguments::parse(query.as_bytes())
    }

    #[test]
    fn a_name_counts_with_or_without_value() {
        for query in ["meta4", "meta4=", "meta4=1", "x&META4", "%6deta4"] {
            assert_eq!(
                parse(query).representation(),
                Some(Representation::Meta4),
                "{query}"
            );
        }
        for query in ["", "&&", "=meta4", "meta", "meta4x", "x=meta4"] {
            assert_eq!(parse(query).representation(), None, "{query}");
        }
    }

    #[test]
    fn the_latest_representation_of_the_list_wins() {
        let asked = parse("sha1&meta4&btih&md5").representation();
        assert_eq!(asked, Some(Representation::Hash(Digest::Btih)));
        assert_eq!(
            parse("torrent&mirrorlist").representation(),
            Some(Representation::Torrent)
        );
    }

    #[test]
    fn a_repeated_name_has_no_value() {
        let query = parse("country=de&COUNTRY=fr&meta4&meta4");
        assert_eq!(query.get("country"), Argument::Repeated);
        assert_eq!(query.country(), None);
        assert_eq!(query.representation(), Some(Representation::Meta4));
    }

    #[test]
    fn values_are_decoded() {
        assert_eq!(
            parse("a=b+c%20d%2B=%zz").value("a"),
            Some(&b"b c d+=%zz"[..])
        );
        assert_eq!(parse("a%3Db=c").value("a=b"), Some(&b"c"[..]));
    }

    #[test]
    fn country_is_two_letters_or_digits() {
        assert_eq!(parse("country=De").country(), Some("De"));
        assert_eq!(parse("country=a1").country(), Some("a1"));
        for query in [
            "country",
            "country=f",
            "country=deu",
            "country=d-",
            "country=%C3%BC",
        ] {
            assert_eq!(parse(query).country(), None, "{query}");
        }
    }

    #[test]
    fn as_is_the_leading_digits() {
        assert_eq!(parse("as=16276").asn(), Some(16276));
        assert_eq!(parse("as=4200000000x").asn(), Some(4_200_000_000));
        for query in ["as", "as=x1", "as=4294967296", "as=-1"] {
            assert_eq!(parse(query).asn(), None, "{query}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(query in proptest::collection::vec(any::<u8>(), 0..300)) {
            let query = QueryArguments::parse(&query);
            let _ = (query.representation(), query.country(), query.asn(), query.get("a"));
        }

        #[test]
        fn what_a_form_encodes_is_decoded(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            let query = format!("x=1&name={}&y", crate::escape::value(&value));
            let arguments = parse(&query);
            prop_assert_eq!(arguments.value("name"), Some(&value[..]));
        }
    }
}
