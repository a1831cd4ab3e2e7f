//! What servers of mirrors list.

use std::collections::HashSet;

use mirror_files::{Kind, Size, Time, ftp, http, rsync};
use url::Url;

/// A page of HTML. No name stands there twice, and reading it again says the same.
pub fn page(input: &[u8]) {
    let url = Url::parse("http://a.example/pub/x/").expect("a URL");
    let Some(items) = http::read_html(input, &url) else {
        return;
    };
    let names: HashSet<_> = items.iter().map(|item| &item.name).collect();
    assert_eq!(names.len(), items.len());
    assert!(items.iter().all(|item| !item.name.is_empty()));
    for item in &items {
        certain(item.size, item.mtime);
    }
    assert_eq!(http::read_html(input, &url), Some(items));
}

/// A listing in JSON, or the list of a bucket.
pub fn index(input: &[u8]) {
    let items = match input.first() {
        Some(b'<') => http::read_bucket(input).map(|bucket| bucket.items),
        _ => http::read_json(input),
    };
    for item in items.unwrap_or_default() {
        certain(item.size, item.mtime);
    }
}

/// Lines of FTP, in all manners, and of rsync.
pub fn lines(input: &[u8]) {
    for line in input.split(|byte| *byte == b'\n') {
        for item in [ftp::read_text(line), ftp::read_facts(line)]
            .into_iter()
            .flatten()
        {
            assert!(item.name.len() <= line.len());
            assert!(item.kind != Kind::Directory || item.name != b"");
            certain(item.size, item.mtime);
        }
        let _ = rsync::read_line(line);
    }
}

/// An interval has its ends in order.
fn certain(size: Size, mtime: Time) {
    if let Size::Between(low, high) = size {
        assert!(low <= high, "{size:?}");
    }
    if let Time::Between(low, high) = mtime {
        assert!(low <= high, "{mtime:?}");
    }
}
