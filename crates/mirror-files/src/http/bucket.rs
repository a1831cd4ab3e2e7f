//! Buckets: `ListBucketResult` of S3 (`ListObjects`, version 1), which others have as well.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use jiff::Timestamp;

use super::Item;
use crate::intake::long_path;
use crate::{Kind, Size, Time};

/// A page of the list.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Bucket {
    /// Names are keys: whole paths. Those that end in a slash stand for directories.
    pub items: Vec<Item>,
    /// The key behind which it goes on.
    pub next: Option<String>,
}

/// The longest value of an element, in bytes: a key has 1024 at most.
const LONGEST: usize = 1 << 13;

/// Reads a page; `None` if it is none, or not whole.
pub fn read(bytes: &[u8]) -> Option<Bucket> {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&text);
    let mut state = State::default();
    let mut path: Vec<String> = Vec::new();
    let mut value = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                let name = String::from_utf8_lossy(tag.local_name().as_ref()).into_owned();
                if path.is_empty() && name != "ListBucketResult" || path.len() > 4 {
                    return None;
                }
                path.push(name);
                value.clear();
            }
            Event::Text(text) => value.push_str(&text.decode().ok()?),
            Event::CData(text) => value.push_str(&text.decode().ok()?),
            Event::GeneralRef(name) => match name.resolve_char_ref().ok()? {
                Some(letter) => value.push(letter),
                None => value.push_str(resolve_predefined_entity(&name.decode().ok()?)?),
            },
            Event::End(_) => {
                let names: Vec<&str> = path.iter().map(String::as_str).collect();
                state.element(&names, &value);
                value.clear();
                path.pop()?;
                if path.is_empty() {
                    return Some(state.finish());
                }
            }
            Event::Eof => return None,
            _ => {}
        }
        if value.len() > LONGEST {
            return None;
        }
    }
}

#[derive(Default)]
struct State {
    bucket: Bucket,
    key: String,
    size: Option<u64>,
    mtime: Option<i64>,
    is_cut: bool,
    marker: Option<String>,
}

impl State {
    /// An element has ended.
    fn element(&mut self, path: &[&str], value: &str) {
        match path {
            [_, "IsTruncated"] => self.is_cut = value.trim() == "true",
            [_, "NextMarker"] => self.marker = Some(value.to_owned()),
            [_, "Contents", "Key"] => value.clone_into(&mut self.key),
            [_, "Contents", "Size"] => self.size = value.trim().parse().ok(),
            [_, "Contents", "LastModified"] => {
                let time = value.trim().parse::<Timestamp>();
                self.mtime = time.ok().map(Timestamp::as_second);
            }
            [_, "Contents"] => {
                let name = std::mem::take(&mut self.key).into_bytes();
                let kind = match name.ends_with(b"/") {
                    true => Kind::Directory,
                    false => Kind::File,
                };
                let size = self.size.take().map_or(Size::Unknown, Size::Exact);
                // When it was brought there is not before it was changed.
                let mtime = self.mtime.take();
                let mtime = mtime.map_or(Time::Unknown, |second| Time::Between(0, second));
                self.bucket.items.push(Item {
                    name,
                    kind,
                    size,
                    mtime,
                });
            }
            _ => {}
        }
    }

    fn finish(self) -> Bucket {
        let mut bucket = self.bucket;
        if self.is_cut {
            let last = bucket.items.last();
            let last = last.map(|item| String::from_utf8_lossy(&item.name).into_owned());
            bucket.next = Some(self.marker.or(last).unwrap_or_default());
        }
        bucket
    }
}

/// The path of a key, if it is below the prefix and its segments are names.
pub(super) fn path(key: &[u8], prefix: &str) -> Option<String> {
    let key = std::str::from_utf8(key).ok()?;
    let key = key.strip_suffix('/').unwrap_or(key);
    if !prefix.is_empty() && !key.starts_with(prefix) {
        return None;
    }
    long_path("", key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_with_size_and_place_to_go_on() {
        let text = "<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"x\"><Name>b</Name>
            <IsTruncated>true</IsTruncated><Contents><Key>a/b &amp;&#x21;</Key>
            <LastModified>2023-11-14T22:13:20.000Z</LastModified><Size>5</Size><Owner><ID>1</ID></Owner>
            </Contents><Contents><Key>d/</Key><Size>0</Size></Contents></ListBucketResult>";
        let bucket = read(text.as_bytes()).unwrap();
        assert_eq!(bucket.next.as_deref(), Some("d/"));
        let [file, directory] = &*bucket.items else {
            panic!("{bucket:?}")
        };
        assert_eq!((&*file.name, file.size), (&b"a/b &!"[..], Size::Exact(5)));
        assert!(!file.mtime.may_be(1_700_000_001, 0) && file.mtime.may_be(1_600_000_000, 0));
        assert_eq!(directory.kind, Kind::Directory);
        for text in [
            "",
            "<Error/>",
            "<ListBucketResult><Contents>",
            "<Error><Code>x</Code></Error>",
        ] {
            assert!(read(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn keys_that_lead_elsewhere_are_no_paths() {
        for key in ["/a", "a//b", "../a", "a/..", "", "/"] {
            assert_eq!(path(key.as_bytes(), ""), None, "{key}");
        }
        assert_eq!(path(b"d/a", "d/").as_deref(), Some("d/a"));
        assert_eq!(path(b"e/a", "d/"), None);
    }
}
