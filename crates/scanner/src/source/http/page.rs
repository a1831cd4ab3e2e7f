//! What a page says of the files of its directory.

use jiff::civil::DateTime;
use mirror_files::{Size, Time};
use percent_encoding::percent_decode_str;
use regex::Regex;
use std::sync::LazyLock;
use url::Url;

/// Clocks may be this many seconds before and behind UTC; pages do not tell which one is theirs.
const ZONES: (i64, i64) = (12 * 3600, 14 * 3600);

/// A page that was read.
pub(super) struct Page {
    /// Whether it lists a directory, even an empty one.
    pub is_listing: bool,
    /// What it lists.
    pub items: Vec<Item>,
}

/// A file or directory.
pub(super) struct Item {
    /// Decoded; `None` if it is no name that can be used.
    pub name: Option<String>,
    pub is_directory: bool,
    pub size: Size,
    pub mtime: Option<Time>,
}

static ANCHOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?is)<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))[^>]*>"#).ok()
});
static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?s)<[^>]*>|&nbsp;").ok());
static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?P<y>\d{4})-(?P<m>\d\d|[A-Za-z]{3})-(?P<d>\d\d)[\ T](?P<t>\d\d:\d\d(?::\d\d)?)
        | (?P<d2>\d\d)-(?P<m2>[A-Za-z]{3})-(?P<y2>\d{4})\ (?P<t2>\d\d:\d\d(?::\d\d)?)",
    )
    .ok()
});
static SIZE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^\s*(?P<n>\d+(?:\.(?P<f>\d+))?)\s*(?P<u>[KMGTP]?)i?B?\s*(?:\s|$)").ok()
});

impl Page {
    /// Reads the page of a URL.
    pub fn read(text: &str, url: &Url) -> Self {
        let start: String = text.chars().take(2000).collect();
        let mut page = Self {
            is_listing: start.contains("Index of ") || start.contains("Directory listing "),
            items: Vec::new(),
        };
        let (Some(anchor), Some(tag)) = (&*ANCHOR, &*TAG) else {
            return page;
        };
        let anchors: Vec<_> = anchor.captures_iter(text).collect();
        for (place, captures) in anchors.iter().enumerate() {
            let href = captures.iter().skip(1).flatten().next().map(|m| m.as_str());
            let target = href.and_then(|href| url.join(&href.replace("&amp;", "&")).ok());
            let (Some(target), Some(whole)) = (target, captures.get(0)) else {
                continue;
            };
            if is_parent(&target, url) {
                page.is_listing = true;
            }
            let Some((name, is_directory)) = name(&target, url) else {
                continue;
            };
            let next = anchors.get(place + 1).and_then(|next| next.get(0));
            let end = next.map_or(text.len(), |next| next.start());
            let after = text.get(whole.end()..end).unwrap_or_default();
            let after = after.split_once("</a>").map_or(after, |(_, after)| after);
            let after = tag.replace_all(after, " ");
            let (mtime, size) = details(&after);
            page.is_listing |= mtime.is_some();
            page.items.push(Item {
                name,
                is_directory,
                size,
                mtime,
            });
        }
        page
    }
}

/// Whether a link leads to the directory above.
fn is_parent(target: &Url, url: &Url) -> bool {
    url.join("..")
        .is_ok_and(|parent| parent.path() == target.path())
        && target.path() != url.path()
}

/// The name that a link leads to, if that is directly below the page, and whether it is a directory.
fn name(target: &Url, url: &Url) -> Option<(Option<String>, bool)> {
    if target.origin() != url.origin() || target.query().is_some() || target.fragment().is_some() {
        return None;
    }
    let directory = url
        .path()
        .rsplit_once('/')
        .map_or("", |(directory, _)| directory);
    let below = target.path().strip_prefix(directory)?.strip_prefix('/')?;
    let (segment, is_directory) = match below.strip_suffix('/') {
        Some(segment) => (segment, true),
        None => (below, false),
    };
    if segment.is_empty() || segment.contains('/') {
        return None;
    }
    let name = percent_decode_str(segment).decode_utf8().ok();
    let name = name.filter(|name| {
        !name.contains('/') && !name.contains(char::is_control) && !matches!(&**name, "." | "..")
    });
    Some((name.map(|name| name.into_owned()), is_directory))
}

/// Time and size, from the text behind a link.
fn details(text: &str) -> (Option<Time>, Size) {
    let (Some(date), Some(size)) = (&*DATE, &*SIZE) else {
        return (None, Size::Unknown);
    };
    let Some(captures) = date.captures(text) else {
        return (None, Size::Unknown);
    };
    let part = |names: [&str; 2]| names.iter().find_map(|name| captures.name(name));
    let part = |names| part(names).map_or("", |part| part.as_str());
    let mtime = time(
        part(["y", "y2"]),
        part(["m", "m2"]),
        part(["d", "d2"]),
        part(["t", "t2"]),
    );
    let rest = captures.get(0).and_then(|whole| text.get(whole.end()..));
    let rest = rest.unwrap_or_default();
    (
        mtime,
        size.captures(rest).map_or(Size::Unknown, |c| interval(&c)),
    )
}

fn time(year: &str, month: &str, day: &str, time: &str) -> Option<Time> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let month = match month.parse() {
        Ok(month) => month,
        Err(_) => {
            let name = month.to_ascii_lowercase();
            i8::try_from(MONTHS.iter().position(|month| *month == name)?).ok()? + 1
        }
    };
    let mut clock = time.split(':').map(str::parse::<i8>);
    let mut next = || clock.next().and_then(Result::ok);
    let (hour, minute, second) = (next()?, next()?, next());
    let civil = DateTime::new(
        year.parse().ok()?,
        month,
        day.parse().ok()?,
        hour,
        minute,
        second.unwrap_or(0),
        0,
    );
    let zoned = civil.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    let at = zoned.timestamp().as_second();
    let rest = if second.is_some() { 0 } else { 59 };
    Some(Time::Between(at - ZONES.1, at + ZONES.0 + rest))
}

/// What a number of a page may mean: servers round up, down or to the next, and by 1000 or 1024.
fn interval(captures: &regex::Captures<'_>) -> Size {
    let text = |name| captures.name(name).map_or("", |m| m.as_str());
    let unit = text("u");
    if unit.is_empty() {
        return text("n").parse().map_or(Size::Unknown, Size::Exact);
    }
    let power = i32::try_from("KMGTP".find(unit).unwrap_or(0)).unwrap_or(0) + 1;
    let Ok(number) = text("n").parse::<f64>() else {
        return Size::Unknown;
    };
    let step = 0.1_f64.powi(i32::try_from(text("f").len()).unwrap_or(0));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates"
    )]
    let bytes = |number: f64, base: f64| (number.max(0.0) * base.powi(power)) as u64;
    Size::Between(bytes(number - step, 1000.0), bytes(number + step, 1024.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Option<String>, bool, Size)> {
        let page = Page::read(text, &Url::parse("http://a/pub/x/").unwrap());
        assert!(page.is_listing, "{text}");
        let items = page.items.into_iter();
        items.map(|i| (i.name, i.is_directory, i.size)).collect()
    }

    #[test]
    fn only_what_is_directly_below_the_page_is_an_entry() {
        let text = r#"<h1>Index of /pub/x</h1><a href="?C=N;O=D">Name</a><a href="/pub/">Parent</a>
            <a href="a%20b.txt">a..&gt;</a> 2023-11-14 22:13 5.0K <a href="/pub/x/d/">d/</a> 2023-11-14 22:13 -
            <a href="http://other/pub/x/e">e</a><a href="d/f">f</a><a href="../g">g</a><a href="%2e%2e%2fh">h</a>
            <a href="i%2fj">i</a><a HREF='k'>k</a> 14-Nov-2023 22:13  2048"#;
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(
            read(text),
            [
                (named("a b.txt"), false, Size::Between(4900, 5222)),
                (named("d"), true, Size::Unknown),
                (None, false, Size::Unknown),
                (None, false, Size::Unknown),
                (named("k"), false, Size::Exact(2048)),
            ]
        );
    }

    #[test]
    fn a_page_without_a_sign_of_a_listing_is_none() {
        let url = Url::parse("http://a/pub/").unwrap();
        for text in ["", "<h1>Sorry</h1> <a href=\"help.html\">help</a>"] {
            assert!(!Page::read(text, &url).is_listing, "{text}");
        }
        assert!(Page::read("<a href='../'>..</a>", &url).is_listing);
    }
}
