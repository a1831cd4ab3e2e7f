//! The headers of a redirect.

use crate::world::{World, mirror};

#[test]
fn redirect_headers_come_in_order() {
    let headers = World::new("a.iso").redirect(Some("secret"));
    let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
    let mut expected = vec!["Location", "X-MirrorBrain-Mirror", "X-MirrorBrain-Realm"];
    expected.extend(["Link"; 6]);
    expected.extend([
        "Digest",
        "Digest",
        "Digest",
        "Repr-Digest",
        "Vary",
        "Cache-Control",
    ]);
    assert_eq!(names, expected);
    let values: Vec<_> = headers.iter().map(|(_, value)| &**value).take(9).collect();
    // printf '1800000000 secret' | md5sum
    let stamp = "abd08578e9ace611fddc96a491801880";
    assert_eq!(
        values,
        [
            &*format!("https://de.example.org/pub/iso/a.iso?time=1800000000&stamp={stamp}"),
            "mirror2",
            "country",
            "<https://download.example.org/iso/a.iso.meta4>; rel=describedby; \
             type=\"application/metalink4+xml\"",
            "<https://download.example.org/iso/a.iso.asc>; rel=describedby; \
             type=\"application/pgp-signature\"",
            "<https://download.example.org/iso/a.iso.torrent>; rel=describedby; \
             type=\"application/x-bittorrent\"",
            "<https://de.example.org/pub/iso/a.iso>; rel=duplicate; pri=1; geo=de",
            "<http://fr.example.org/pub/iso/a.iso>; rel=duplicate; pri=2; geo=fr",
            "<ftp://nz.example.org/pub/iso/a.iso>; rel=duplicate; pri=3; geo=nz",
        ]
    );
}

#[test]
fn a_redirect_names_five_mirrors_and_no_documents_that_are_not_there() {
    let mut world = World::new("a.iso");
    world.hashes = None;
    world.mirrors = (1..9)
        .map(|i| mirror(i, "eu", "de", (51.0, 9.0), "http://x/"))
        .collect();
    let headers = world.redirect(None);
    let links: Vec<_> = headers.iter().filter(|(n, _)| *n == "Link").collect();
    assert_eq!(links.len(), 6);
    assert!(!headers.iter().any(|(name, _)| name.ends_with("Digest")));
}

/// No path component may have more than 255 bytes, so a suffix would make a dead link.
#[test]
fn documents_of_the_longest_names_are_linked_by_query() {
    let documents = |length: usize| -> Vec<String> {
        let headers = World::new("x".repeat(length)).redirect(None);
        let links = headers.into_iter().filter(|(name, _)| *name == "Link");
        links
            .filter_map(|(_, link)| Some(link.split_once('>')?.0.to_owned()))
            .collect()
    };
    let ends = |urls: Vec<String>, end: &str| urls.iter().any(|url| url.ends_with(end));
    assert!(ends(documents(249), "x.meta4"));
    assert!(ends(documents(250), "x?meta4"));
    assert!(ends(documents(247), "x.torrent"));
    assert!(ends(documents(248), "x?torrent"));
}

#[test]
fn m38_stamps_go_on_after_2038() {
    let headers = World::new("a.iso").redirect_at(4_102_444_800, Some("secret"));
    // printf '4102444800 secret' | md5sum
    let stamp = "dba6fbc4490017dd9a891ab53796e831";
    let location = format!("https://de.example.org/pub/iso/a.iso?time=4102444800&stamp={stamp}");
    assert_eq!(headers.first(), Some(&("Location", location)));
}
