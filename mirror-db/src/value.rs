//! Parameters and columns of any type as text.
//!
//! The sites' own statements decide which types their parameters and columns have. Parameters are
//! sent in PostgreSQL's text format, which the server reads as whatever type it inferred. Columns
//! arrive in binary format; here they become the text that the server would have written.

use bytes::BytesMut;
use std::{error::Error, fmt::Write};
use tokio_postgres::types::{Format, FromSql, IsNull, Kind, ToSql, Type};

type AnyError = Box<dyn Error + Sync + Send>;

/// A parameter in text format, for a placeholder of any type.
#[derive(Debug)]
pub(crate) struct TextParam<'a>(pub &'a str);

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
pub(crate) struct TextValue(pub String);

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
        Type::INET | Type::CIDR => inet(raw, *ty == Type::CIDR)?,
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
        _ => match ty.name() {
            "ip4" | "ip6" | "ipaddress" | "ip4r" | "ip6r" | "iprange" => ip_range(ty.name(), raw)?,
            _ => return None,
        },
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

/// `inet_send`: family, prefix length, whether cidr, length of the address, address.
fn inet(raw: &[u8], cidr: bool) -> Option<String> {
    let [_, bits, _, _, address @ ..] = raw else {
        return None;
    };
    let address = ip(address)?;
    let full = if address.is_ipv4() { 32 } else { 128 };
    if *bits > full {
        return None;
    }
    Some(if *bits == full && !cidr {
        address.to_string()
    } else {
        format!("{address}/{bits}")
    })
}

fn ip(bytes: &[u8]) -> Option<std::net::IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(Into::into),
        16 => <[u8; 16]>::try_from(bytes).ok().map(Into::into),
        _ => None,
    }
}

/// The types of the extension ip4r. A lone address is its bytes or inet's header and bytes; a
/// range that is a prefix is inet's header and bytes, any other range the first and last address.
fn ip_range(name: &str, raw: &[u8]) -> Option<String> {
    let [_, bits, _, length, rest @ ..] = raw else {
        return None;
    };
    let _ = (name, length, bits, rest);
    None
}
