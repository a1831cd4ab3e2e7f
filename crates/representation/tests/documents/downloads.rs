//! Torrent, zsync, magnet and hashes: what they say, and in which order.

use representation::{DhtNode, Digest, Missing, Representation};

use crate::world::{MTIME, PIECES, SUMS, Value, World, render, yum_list};

#[test]
fn a_torrent_is_sorted_and_whole() {
    let mut world = World::new("a.iso");
    world.site.dht_nodes = vec![DhtNode {
        host: "router.example.com".to_owned(),
        port: 554,
    }];
    let torrent = Value::decode(&world.bytes("torrent"));
    assert_eq!(
        torrent.keys(),
        [
            "announce",
            "announce-list",
            "comment",
            "created by",
            "creation date",
            "info",
            "nodes",
            "sources",
            "url-list"
        ]
    );
    let trackers = &world.site.trackers;
    assert_eq!(torrent.get("announce").bytes(), trackers[0].as_bytes());
    let Value::List(tiers) = torrent.get("announce-list") else {
        panic!()
    };
    assert_eq!(tiers.len(), 1);
    assert_eq!(tiers[0].list(), *trackers);
    assert_eq!(torrent.get("comment").bytes(), b"a.iso");
    assert_eq!(torrent.get("created by").bytes(), b"MirrorBrain/9.9");
    assert_eq!(*torrent.get("creation date"), Value::Int(MTIME));
    let node = vec![
        Value::Bytes(b"router.example.com".to_vec()),
        Value::Int(554),
    ];
    assert_eq!(*torrent.get("nodes"), Value::List(vec![Value::List(node)]));
    let info = torrent.get("info");
    let keys = [
        "length",
        "md5sum",
        "name",
        "piece length",
        "pieces",
        "sha1",
        "sha256",
    ];
    assert_eq!(info.keys(), keys);
    assert_eq!(info.get("md5sum").bytes(), "3a".repeat(16).as_bytes());
    assert_eq!(info.get("pieces").bytes(), PIECES);
    assert_eq!(info.get("sha256").bytes(), [0x7c; 32]);
    world.site.dht_nodes.clear();
    assert!(
        !Value::decode(&world.bytes("torrent"))
            .keys()
            .contains(&"nodes")
    );
}

#[test]
fn sums_are_not_held_by_the_answer() {
    let world = World::new("a.iso");
    world.with(|doc| {
        for (kind, stored, written) in [
            ("torrent", PIECES.len(), PIECES.len()),
            ("zsync", SUMS.len(), SUMS.len()),
            ("meta4", PIECES.len(), 6 * 57),
            ("metalink", PIECES.len(), 6 * 69),
        ] {
            let representation = Representation::from_name(kind.as_bytes()).unwrap();
            let answer = doc.answer(representation).unwrap();
            let sums = answer.sums().unwrap();
            assert_eq!(
                (sums.stored(), sums.written()),
                (stored as u64, written as u64),
                "{kind}"
            );
            let held = answer.to_bytes().len() as u64;
            assert_eq!(answer.length(), held + sums.written(), "{kind}");
        }
    });
}

#[test]
fn a_zsync_file_has_its_lines_in_order() {
    let bytes = World::new("a.iso").bytes("zsync");
    let sha1 = "5b".repeat(20);
    let head = format!(
        "zsync: 0.6.1\nFilename: a.iso\nMTime: Tue, 14 Nov 2023 22:13:20 GMT\nBlocksize: 2048\n\
         Length: 1500000\nHash-Lengths: 2,2,5\nURL: https://de.example.org/pub/iso/a.iso\n\
         SHA-1: {sha1}\n\n"
    );
    assert_eq!(bytes, [head.as_bytes(), &SUMS].concat());
}

#[test]
fn a_magnet_has_no_torrent_where_there_is_none() {
    let mut world = World::new("a.iso");
    world.hashes.as_mut().unwrap().has_pieces = false;
    assert!(!world.text("magnet").contains("&xs="));
    world.site.trackers.clear();
    assert!(!world.text("magnet").contains("&tr="));
}

#[test]
fn a_hash_comes_with_or_without_the_name() {
    let mut world = World::new("a b.iso");
    let md5 = "3a".repeat(16);
    assert_eq!(world.text("md5"), format!("{md5}  a b.iso\n"));
    let only = world.with(|doc| {
        doc.only_hash = true;
        render(doc, "md5").unwrap()
    });
    assert_eq!(only.to_bytes(), format!("{md5}\n").as_bytes());
    assert_eq!(only.get("content-type"), Some("text/plain; charset=UTF-8"));
    world.site.suppress_file_names = true;
    assert_eq!(world.text("md5"), format!("{md5}\n"));
    world.hashes.as_mut().unwrap().md5 = None;
    assert_eq!(world.answer("md5").unwrap_err(), Missing::Hash("md5"));
    world.hashes = None;
    for digest in [Digest::Sha1, Digest::Sha256, Digest::Btih] {
        assert_eq!(
            world.answer(digest.name()).unwrap_err(),
            Missing::Hash(digest.name())
        );
    }
}

/// A shared cache would give one client's mirrors to all others.
#[test]
fn documents_with_mirrors_are_for_one_client_and_hashes_for_all() {
    let world = World::new("a.iso");
    let yum = yum_list(b"yum/5.5", &[], "https://x.example.org");
    assert_eq!(yum.get("Cache-Control"), Some("private, no-cache"));
    let of = |name: &str| {
        let answer = world.answer(name).unwrap();
        answer.get("Cache-Control").map(str::to_owned)
    };
    for name in [
        "meta4",
        "metalink",
        "mirrorlist",
        "torrent",
        "zsync",
        "magnet",
    ] {
        assert_eq!(of(name).as_deref(), Some("private, no-cache"), "{name}");
    }
    for name in ["md5", "sha1", "sha256", "btih"] {
        assert_eq!(of(name), None, "{name}");
    }
}
