//! The upper half of the page: the file, its hashes, how to check them, and its other
//! representations.

use maud::{Markup, html};

use crate::{Digest, Document, date, escape, magnet};

/// Name, size, time and hashes of the file, and the way to it.
pub(super) fn file_info(doc: &Document<'_>) -> Markup {
    let published = date::rfc3339(doc.file.mtime);
    html! {
        div id="mirrorbrain-fileinfo" {
            h2 { "File" }
            ul {
                (row(&html! { "Name" }, &html! { bdi { (escape::display(doc.file.name())) } }))
                (row(&html! { "Size" }, &html! { (size(doc.file.size)) }))
                (row(&html! { "Last modified" }, &html! {
                    time datetime=(published) { (date::rfc822(doc.file.mtime)) }
                }))
                @for (label, digest) in HASHES {
                    @if let Some(hash) = shown_hash(doc, digest) {
                        @let url = doc.file.document_url(digest.name());
                        (row(
                            &html! { a href=(url) rel="nofollow" { (label) } },
                            &html! { code { (hash) } },
                        ))
                    }
                }
            }
            p class="download" {
                a href=(doc.file.self_url()) rel="nofollow" { "Download" }
                @if doc.choices().is_empty() { " from this server." }
                @else { " from the mirror that suits you best." }
            }
            @if let Some(command) = check(doc) {
                p class="check" { "Then check it: " kbd { (command) } }
            }
        }
    }
}

const HASHES: [(&str, Digest); 4] = [
    ("SHA-256", Digest::Sha256),
    ("SHA-1", Digest::Sha1),
    ("MD5", Digest::Md5),
    ("BitTorrent info hash", Digest::Btih),
];

/// Without a tracker there is no torrent, and its hash leads nowhere.
fn shown_hash(doc: &Document<'_>, digest: Digest) -> Option<String> {
    let shown = digest != Digest::Btih || !doc.site.trackers.is_empty();
    doc.hex(digest).filter(|_| shown)
}

/// The command that checks a download, for a shell. Our hash lines have to name the file.
fn check(doc: &Document<'_>) -> Option<String> {
    let known = doc.hex(Digest::Sha256).is_some() && !doc.site.suppress_file_names;
    // In a URL of ours quotes are escaped.
    let url = doc.file.document_url(Digest::Sha256.name());
    known.then(|| format!("curl -s '{url}' | sha256sum -c"))
}

fn row(label: &Markup, value: &Markup) -> Markup {
    html! {
        li {
            div class="mirrorbrain-label" { (label) }
            div { (value) }
        }
    }
}

/// Links to the other representations.
pub(super) fn links(doc: &Document<'_>) -> Markup {
    let url = |name| doc.file.document_url(name);
    let metalinks = [
        ("Metalink 4", url("meta4")),
        ("Metalink 3", url("metalink")),
    ];
    let magnet = magnet::link(doc).filter(|_| doc.has_torrent());
    let torrents: Vec<_> = magnet
        .into_iter()
        .flat_map(|link| {
            [
                ("Torrent", url("torrent")),
                ("Magnet link", link),
                ("Magnet as text", url("magnet")),
            ]
        })
        .collect();
    let signed = doc.hashes.is_some_and(|h| h.signed);
    let zsync = doc.hashes.is_some_and(|h| h.has_zsync && h.sha1.is_some());
    let signature = [("PGP signature", format!("{}.asc", doc.file.self_url()))];
    let delta = [("zsync", url("zsync"))];
    html! {
        div id="mirrorbrain-links" {
            h2 { "Other ways to get it" }
            (group("From several mirrors at once", &metalinks))
            @if !torrents.is_empty() { (group("BitTorrent", &torrents)) }
            @if zsync { (group("Only what changed", &delta)) }
            @if signed { (group("Check who made it", &signature)) }
        }
    }
}

fn group(label: &str, links: &[(&str, String)]) -> Markup {
    html! {
        div class="mirrorbrain-links-grp" {
            div class="mirrorbrain-label" { (label) }
            @for (text, url) in links {
                div class="mirrorbrain-btn" { a href=(url) rel="nofollow" { (text) } }
            }
        }
    }
}

/// `1.4 MiB (1,500,000 bytes)`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let exact = thousands(bytes);
    let mut value = bytes as f64;
    let mut unit = None;
    for next in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = Some(next);
    }
    match unit {
        None if bytes == 1 => "1 byte".to_owned(),
        None => format!("{exact} bytes"),
        Some(unit) => format!("{value:.1} {unit} ({exact} bytes)"),
    }
}

/// The number with a comma every three digits.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m47_sizes_are_whole_beyond_32_bits() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(1023), "1,023 bytes");
        assert_eq!(size(1_500_000), "1.4 MiB (1,500,000 bytes)");
        assert_eq!(size(5_368_709_120), "5.0 GiB (5,368,709,120 bytes)");
        assert_eq!(
            size(u64::MAX),
            "16.0 EiB (18,446,744,073,709,551,615 bytes)"
        );
    }
}
