//! Metalink 4 against a schema written from RFC 5854. Needs `xmllint` (Debian: libxml2-utils).

use std::path::Path;
use std::process::Command;

use representation::Sources;

use crate::world::{World, mirror, render};

/// Whether the text is valid, and what the validator says.
fn validate(text: &[u8]) -> (bool, String) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/schema/metalink4.rng");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.meta4");
    std::fs::write(&file, text).unwrap();
    let output = Command::new("xmllint")
        .args(["--noout", "--nonet", "--relaxng"])
        .args([&schema, &file])
        .output()
        .expect("xmllint runs (Debian: libxml2-utils)");
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn check(world: &World) {
    world.with(|doc| {
        for torrent_file in [false, true] {
            doc.torrent_file = torrent_file;
            let text = render(doc, "meta4").unwrap().to_bytes();
            let (valid, message) = validate(&text);
            assert!(valid, "{message}\n{}", String::from_utf8_lossy(&text));
        }
    });
}

#[test]
fn meta4_is_valid() {
    let mut world = World::new("a.iso");
    check(&world);
    world.site.magnet_links = true;
    check(&world);
    world.hashes = None;
    world.site.publisher = None;
    check(&world);
}

#[test]
fn meta4_is_valid_for_names_and_mirrors_of_all_kinds() {
    for name in [
        &b"a b&<c>\".iso"[..],
        b"\xff\n\x01",
        "\u{627}\u{202e}".as_bytes(),
    ] {
        let mut world = World::new(name);
        world.mirrors.push(mirror(
            9,
            "**",
            "**",
            (0.0, 0.0),
            "http://cdn.example.org/a b/<x>/",
        ));
        world.client.country = None;
        check(&world);
    }
}

#[test]
fn meta4_of_a_file_that_is_only_here_is_valid() {
    World::new("a.iso").with(|doc| {
        doc.sources = Sources::OriginOnly;
        let (valid, message) = validate(&render(doc, "meta4").unwrap().to_bytes());
        assert!(valid, "{message}");
    });
}

#[test]
fn the_schema_refuses_what_the_rfc_forbids() {
    let good = World::new("a.iso").text("meta4");
    for (what, with) in [
        (
            "<url location=\"de\" priority=\"1\">",
            "<url type=\"http\" preference=\"100\">",
        ),
        ("priority=\"1\"", "priority=\"0\""),
        ("location=\"de\"", "location=\"deu\""),
        ("mediatype=\"application/pgp-signature\"", "type=\"pgp\""),
        ("<hash type=\"md5\">", "<hash>"),
        ("<size>", "<size>-"),
        ("<publisher name=\"Oranges, Inc.\"", "<publisher"),
    ] {
        let bad = good.replace(what, with);
        assert_ne!(bad, good, "{what} is not there");
        assert!(!validate(bad.as_bytes()).0, "{with} passed");
    }
}
