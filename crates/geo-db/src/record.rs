//! Reads single values out of a record, whatever its schema.

use std::fmt;

use maxminddb::{LookupResult, PathElement};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// The text at the first of the paths where there is a text that is not empty. What has another
/// type counts as missing: `country` is a map in one schema and a text in another.
pub(crate) fn text<'a, S: AsRef<[u8]>>(
    record: &LookupResult<'a, S>,
    paths: &[&[PathElement<'_>]],
) -> Option<&'a str> {
    let at = |path: &&[PathElement<'_>]| record.decode_path::<&str>(path).ok().flatten();
    paths.iter().filter_map(at).find(|text| !text.is_empty())
}

/// The number at the first of the paths where there is one.
pub(crate) fn number<S: AsRef<[u8]>>(
    record: &LookupResult<'_, S>,
    paths: &[&[PathElement<'_>]],
) -> Option<f64> {
    let at = |path: &&[PathElement<'_>]| record.decode_path::<Number>(path).ok().flatten();
    paths.iter().find_map(at).map(|Number(value)| value)
}

/// A number of any of the format's types, or as text, which some makers of flat files write.
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor).map(Self)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_f32<E: Error>(self, value: f32) -> Result<f64, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        text.trim().parse().map_err(E::custom)
    }
}
