//! Parameters and columns of any type as text.
//!
//! The sites' own statements decide which types their parameters and columns have. Parameters are
//! sent in PostgreSQL's text format, which the server reads as whatever type it inferred. Columns
//! arrive in binary format; here they become the text that the server would have written.

mod network;

use bytes::BytesMut;
use std::error::Error;
use std::fmt::Write;
use tokio_postgres::types::{Format, FromSql, IsNull, Kind, ToSql, Type};

type AnyError = Box<dyn Error + Sync + Send>;

/// A parameter in text format, for a placeholder of any type.
#[derive(Debug)]
pub struct TextParam<'a>(pub &'a str);

impl ToSql for TextParam<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, AnyError> {
        self.to_sql(ty, out)
    }
}

/// A column of any common type as text.
#[derive(Debug, PartialEq, Eq)]
pub struct TextValue(pub String);

impl<'a> FromSql<'a> for TextValue {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, AnyError> {
        to_text(ty, raw).map(TextValue).ok_or_else(|| {
            format!(
                "a value of type {} cannot be read; cast it to text",
                ty.name()
            )
            .into()
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn to_text(ty: &Type, raw: &[u8]) -> Option<String> {
    if let Kind::Domain(inner) = ty.kind() {
        return to_text(inner, raw);
    }
    Some(match *ty {
        Type::BOOL => (if raw.first()? == &0 { "f" } else { "t" }).to_owned(),
        Type::INT2 => i16::from_be_bytes(raw.try_into().ok()?).to_string(),
        Type::INT4 => i32::from_be_bytes(raw.try_into().ok()?).to_string(),
        Type::INT8 => i64::from_be_bytes(raw.try_into().ok()?).to_string(),
        Type::OID => u32::from_be_bytes(raw.try_into().ok()?).to_string(),
        Type::FLOAT4 => f32::from_be_bytes(raw.try_into().ok()?).to_string(),
        Type::FLOAT8 => f64::from_be_bytes(raw.try_into().ok()?).to_string(),
        Type::NUMERIC => numeric(raw)?,
        Type::BYTEA => format!("\\x{}", hex::encode(raw)),
        Type::INET | Type::CIDR => network::inet(raw, *ty == Type::CIDR)?,
        Type::JSONB => String::from_utf8_lossy(raw.get(1..)?).into_owned(),
        Type::TEXT
        | Type::VARCHAR
        | Type::BPCHAR
        | Type::NAME
        | Type::UNKNOWN
        | Type::JSON
        | Type::XML
        | Type::CHAR => String::from_utf8_lossy(raw).into_owned(),
        _ if matches!(ty.kind(), Kind::Enum(_)) || ty.name() == "citext" => {
            String::from_utf8_lossy(raw).into_owned()
        }
        _ => return network::ip4r(ty.name(), raw),
    })
}

fn words(raw: &[u8]) -> impl Iterator<Item = u16> + '_ {
    raw.chunks_exact(2)
        .filter_map(|pair| pair.try_into().ok())
        .map(u16::from_be_bytes)
}

/// `numeric_send`: number of digits, weight of the first, sign, display scale, then digits to the
/// base 10000.
fn numeric(raw: &[u8]) -> Option<String> {
    let mut header = words(raw);
    let (count, weight, sign, scale) = (
        header.next()?,
        header.next()?.cast_signed(),
        header.next()?,
        header.next()?,
    );
    let digits: Vec<u16> = header.collect();
    if digits.len() != usize::from(count) || digits.iter().any(|d| *d > 9999) {
        return None;
    }
    let mut text = match sign {
        0 => String::new(),
        0x4000 => "-".to_owned(),
        0xC000 => return Some("NaN".to_owned()),
        0xD000 => return Some("Infinity".to_owned()),
        0xF000 => return Some("-Infinity".to_owned()),
        _ => return None,
    };
    let digit = |power: i32| {
        let index = i32::from(weight) - power;
        usize::try_from(index)
            .ok()
            .and_then(|i| digits.get(i))
            .copied()
            .unwrap_or(0)
    };
    let first = i32::from(weight).max(0);
    for power in (0..=first).rev() {
        // Writing to a String cannot fail.
        let _ = if power == first {
            write!(text, "{}", digit(power))
        } else {
            write!(text, "{:04}", digit(power))
        };
    }
    if scale > 0 {
        let mut fraction = String::new();
        let groups = i32::from(scale.div_ceil(4));
        for power in 1..=groups {
            let _ = write!(fraction, "{:04}", digit(-power));
        }
        fraction.truncate(scale.into());
        let _ = write!(text, ".{fraction}");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(hex: &str) -> Option<String> {
        numeric(&hex::decode(hex).unwrap())
    }

    #[test]
    fn numeric_is_written_as_the_server_writes_it() {
        for (raw, text) in [
            ("0000000000000000", "0"),
            ("000200004000000100011388", "-1.5"),
            ("000300010000000604d2162e0001", "12345678.000100"),
            ("0001ffff000000040001", "0.0001"),
            ("00010002000000000064", "10000000000"),
            ("00010001000000000001", "10000"),
            ("0002ffff4000000800010929", "-0.00012345"),
            ("00000000c0000000", "NaN"),
        ] {
            assert_eq!(number(raw).as_deref(), Some(text));
        }
    }

    #[test]
    fn damaged_values_are_refused() {
        assert_eq!(number("0001"), None);
        assert_eq!(number("00020000000000000001"), None);
        assert_eq!(to_text(&Type::INT4, &[1]), None);
        assert_eq!(to_text(&Type::BOOL, &[]), None);
        assert_eq!(to_text(&Type::INT4_ARRAY, &[0; 12]), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(raw: Vec<u8>) {
            for ty in [Type::BOOL, Type::INT2, Type::NUMERIC, Type::INET, Type::CIDR, Type::JSONB] {
                let _ = to_text(&ty, &raw);
            }
            for name in ["ip4", "ip6", "ipaddress", "ip4r", "ip6r", "iprange"] {
                let _ = network::ip4r(name, &raw);
            }
        }
    }
}
