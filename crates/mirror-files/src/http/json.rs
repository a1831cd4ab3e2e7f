//! Listings in JSON: nginx (`autoindex_format json`) and Caddy (`file_server browse`).

use std::fmt;

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::Item;
use super::client::second;
use crate::{Kind, Size, Time};

/// An entry of either. nginx has `type` and `mtime`, Caddy the others.
#[derive(Deserialize)]
struct Row {
    name: Name,
    #[serde(rename = "type")]
    kind: Option<String>,
    is_dir: Option<bool>,
    size: Option<u64>,
    mtime: Option<String>,
    mod_time: Option<String>,
    url: Option<String>,
}

/// A name that need not be UTF-8.
struct Name(Vec<u8>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Name, E> {
                Ok(Name(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Reads a page; `None` if it is no listing.
pub fn read(bytes: &[u8]) -> Option<Vec<Item>> {
    // Caddy's empty directory is `null`.
    let rows: Option<Vec<Row>> = serde_json::from_slice(bytes).ok()?;
    rows.unwrap_or_default().into_iter().map(item).collect()
}

/// `None` if the row does not say what it is of.
fn item(row: Row) -> Option<Item> {
    let kind = match (row.is_dir, row.kind.as_deref()) {
        (Some(true), _) | (None, Some("directory")) => Kind::Directory,
        (Some(false), _) | (None, Some("file")) => Kind::File,
        (None, Some(_)) => Kind::Other,
        (None, None) => return None,
    };
    let nginx = row.mtime.as_deref().and_then(second);
    let caddy = row.mod_time.and_then(|text| text.parse::<Timestamp>().ok());
    let second = nginx.or_else(|| caddy.map(|time| time.as_second()));
    // Caddy replaces what is not UTF-8, but not in the URL.
    let name = match &row.url {
        Some(url) => {
            let url = url.strip_prefix("./").unwrap_or(url);
            percent_decode_str(url.strip_suffix('/').unwrap_or(url)).collect()
        }
        None => row.name.0,
    };
    Some(Item {
        name,
        kind,
        size: row.size.map_or(Size::Unknown, Size::Exact),
        mtime: second.map_or(Time::Unknown, Time::Exact),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_both_servers_are_read() {
        let nginx = br#"[{"name":"d","type":"directory","mtime":"Tue, 14 Nov 2023 22:13:20 GMT"},
            {"name":"a\u000ab","type":"file","mtime":"Tue, 14 Nov 2023 22:13:20 GMT","size":5}]"#;
        let time = Time::Exact(1_700_000_000);
        let items = read(nginx).unwrap();
        assert_eq!((items[0].kind, items[0].mtime), (Kind::Directory, time));
        assert_eq!(
            (&*items[1].name, items[1].size),
            (&b"a\nb"[..], Size::Exact(5))
        );
        let caddy = br#"[{"name":"x","size":5,"url":"./x%20y","mod_time":"2023-11-14T22:13:20.5Z","mode":420,
            "is_dir":false,"is_symlink":false}]"#;
        let items = read(caddy).unwrap();
        assert_eq!((&*items[0].name, items[0].mtime), (&b"x y"[..], time));
        assert_eq!(read(b"null"), Some(Vec::new()));
    }

    #[test]
    fn what_lists_nothing_is_none() {
        for text in [
            "",
            "{}",
            "[1]",
            r#"[{"name":"a"}]"#,
            r#"{"error":"no"}"#,
            "[{\"name\":1}]",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
