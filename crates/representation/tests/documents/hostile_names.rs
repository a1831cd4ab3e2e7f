//! Names of files are bytes that somebody else chose. Whatever they are, each representation is
//! well-formed, and its URLs lead back to the file.

use proptest::prelude::*;
use representation::Digest;
use scraper::{Html, Selector};

use crate::world::{SUMS, Value, World, path_of, yum_list};

/// The worst of practice; the rest comes from a generator.
const NAMES: [&[u8]; 16] = [
    b"plain.iso",
    b"a b",
    b"100%",
    b"%41%2f%2e%2e",
    b"a#b?c=d&e",
    b"<script>alert(1)<img src=x onerror=alert(2)>",
    b"\"' onclick='x'",
    b"a+b;c,d",
    b"two\nlines\r\nX-Evil: 1",
    b"\xff\xfe\xc3(",
    b"\x01\x02\x7f\x1b[31m",
    "\u{202e}cod.exe \u{627}\u{644}\u{5d0}".as_bytes(),
    "\u{ffff}\u{fffe}\u{1f600}".as_bytes(),
    b"\\back\\slash`{|}^",
    b"]]>&amp;-->",
    &[b'x'; 255],
];

fn check(name: &[u8]) {
    let world = World::new(name);
    redirect(&world);
    metalinks(&world, name);
    page(&world);
    torrent(&world, name);
    zsync(&world);
    magnet(&world, name);
    hashes(&world, name);
}

fn redirect(world: &World) {
    let headers = world.redirect(Some("key"));
    for (name, value) in &headers {
        assert!(
            value.bytes().all(|b| (b' '..=b'~').contains(&b)),
            "{name}: {value:?}"
        );
    }
    let value = |name| {
        headers
            .iter()
            .filter(move |(n, _)| *n == name)
            .map(|(_, v)| v)
    };
    let (location, stamp) = value("Location").next().unwrap().split_once('?').unwrap();
    assert!(stamp.starts_with("time=1800000000&stamp="));
    assert_eq!(path_of(location), [b"pub/", &world.key[..]].concat());
    for link in value("Link") {
        let (url, rest) = link.strip_prefix('<').unwrap().split_once(">; ").unwrap();
        assert!(rest.starts_with("rel="), "{link}");
        let path = path_of(url);
        assert!(
            path.windows(world.key.len()).any(|w| w == world.key),
            "{link}"
        );
    }
}

fn metalinks(world: &World, name: &[u8]) {
    for kind in ["meta4", "metalink"] {
        let answer = world.answer(kind).unwrap();
        let text = String::from_utf8(answer.to_bytes()).unwrap();
        let xml = roxmltree::Document::parse(&text).unwrap();
        let file = xml.descendants().find(|n| n.has_tag_name("file")).unwrap();
        let given = file.attribute("name").unwrap();
        assert_eq!(given, representation::escape::xml_text(name));
        let urls = xml.descendants().filter(|n| n.has_tag_name("url"));
        let urls = urls.filter(|n| n.has_attribute("location"));
        let urls: Vec<_> = urls.map(|n| path_of(n.text().unwrap())).collect();
        assert_eq!(urls, vec![[b"pub/", &world.key[..]].concat(); 3]);
        let disposition = answer.get("Content-Disposition").unwrap();
        let quoted = disposition.strip_prefix("attachment; filename=\"").unwrap();
        let (quoted, rest) = quoted.split_once('"').unwrap();
        assert!(quoted.ends_with(kind) && quoted.bytes().all(|b| (b' '..=b'~').contains(&b)));
        assert!(
            rest.is_empty() || rest.starts_with("; filename*=UTF-8''"),
            "{disposition}"
        );
        assert!(!rest.contains(['"', ' ']) || rest.matches(' ').count() == 1);
    }
}

fn page(world: &World) {
    let page = Html::parse_document(&world.text("mirrorlist"));
    assert_eq!(page.errors, Vec::<String>::new());
    assert_eq!(page.select(&Selector::parse("script").unwrap()).count(), 0);
    let all = Selector::parse("*").unwrap();
    let scripted = |name: &str| name.starts_with("on");
    assert!(
        !page
            .select(&all)
            .any(|e| e.value().attrs().any(|(name, _)| scripted(name)))
    );
    let links = Selector::parse("div.mirrorbrain-mirrors-grp a").unwrap();
    let urls: Vec<_> = page
        .select(&links)
        .map(|a| path_of(a.attr("href").unwrap()))
        .collect();
    assert_eq!(urls, vec![[b"pub/", &world.key[..]].concat(); 3]);
}

fn torrent(world: &World, name: &[u8]) {
    let torrent = Value::decode(&world.bytes("torrent"));
    assert_eq!(torrent.get("info").get("name").bytes(), name);
    assert!(std::str::from_utf8(torrent.get("comment").bytes()).is_ok());
    for url in torrent.get("url-list").list() {
        assert_eq!(path_of(&url), [b"pub/", &world.key[..]].concat());
    }
}

fn zsync(world: &World) {
    let bytes = world.bytes("zsync");
    let end = bytes.windows(2).position(|w| w == b"\n\n").unwrap();
    let (head, sums) = (&bytes[..end], &bytes[end + 2..]);
    assert_eq!(sums, SUMS);
    let keys: Vec<_> = head
        .split(|&b| b == b'\n')
        .map(|line| &line[..line.iter().position(|&b| b == b':').unwrap()])
        .collect();
    let expected: [&[u8]; 8] = [
        b"zsync",
        b"Filename",
        b"MTime",
        b"Blocksize",
        b"Length",
        b"Hash-Lengths",
        b"URL",
        b"SHA-1",
    ];
    assert_eq!(keys, expected);
    let url = head
        .split(|&b| b == b'\n')
        .find_map(|l| l.strip_prefix(b"URL: "))
        .unwrap();
    let url = std::str::from_utf8(url).unwrap();
    assert_eq!(path_of(url), [b"pub/", &world.key[..]].concat());
}

fn magnet(world: &World, name: &[u8]) {
    let text = world.text("magnet");
    let link = text.strip_suffix('\n').unwrap();
    let parsed = url::Url::parse(link).unwrap();
    assert_eq!(parsed.as_str(), link);
    let values = |key: &'static str| {
        parsed
            .query_pairs()
            .filter(move |(k, _)| k == key)
            .map(|(_, v)| v.into_owned())
    };
    assert_eq!(
        values("dn").collect::<Vec<_>>(),
        [String::from_utf8_lossy(name)]
    );
    assert_eq!(values("tr").collect::<Vec<_>>(), world.site.trackers);
    for url in values("ws") {
        assert_eq!(path_of(&url), [b"pub/", &world.key[..]].concat());
    }
    for (key, suffix) in [("as", &b""[..]), ("xs", b".torrent")] {
        let path = path_of(&values(key).next().unwrap());
        // The torrent of the longest names is had by query.
        let suffix = if name.len() + suffix.len() > 255 {
            b""
        } else {
            suffix
        };
        assert_eq!(path, [&world.key[..], suffix].concat());
    }
    assert_eq!(parsed.query_pairs().count(), 8);
}

/// As a checker of the coreutils reads it.
fn hashes(world: &World, name: &[u8]) {
    for digest in [Digest::Md5, Digest::Sha1, Digest::Sha256, Digest::Btih] {
        let bytes = world.bytes(digest.name());
        let line = bytes.strip_suffix(b"\n").unwrap();
        assert!(!line.contains(&b'\n'));
        let (line, escaped) = match line.strip_prefix(b"\\") {
            Some(line) => (line, true),
            None => (line, false),
        };
        let end = line.windows(2).position(|w| w == b"  ").unwrap();
        let given = &line[end + 2..];
        assert!(line[..end].iter().all(u8::is_ascii_hexdigit));
        let mut read = Vec::new();
        let mut bytes = given.iter();
        while let Some(&byte) = bytes.next() {
            read.push(match byte {
                b'\\' if escaped => match bytes.next().unwrap() {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    other => *other,
                },
                _ => byte,
            });
        }
        assert_eq!(read, name);
    }
}

#[test]
fn every_representation_stands_the_worst_names() {
    for name in NAMES {
        check(name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_representation_stands_any_name(
        name in proptest::collection::vec(1..=255_u8, 1..=255)
            .prop_map(|name| name.into_iter().filter(|&b| b != b'/').collect::<Vec<_>>())
            .prop_filter("no file has it", |name| !matches!(&name[..], b"" | b"." | b".."))
    ) {
        check(&name);
    }

    #[test]
    fn every_representation_stands_any_markup(name in "[ -.0-~\n\u{600}-\u{6ff}]{1,60}") {
        prop_assume!(name != "." && name != "..");
        check(name.as_bytes());
    }

    #[test]
    fn a_yum_list_has_a_url_per_line(name in proptest::collection::vec(1..=255_u8, 1..=100)) {
        let name: Vec<u8> = name.into_iter().filter(|&b| b != b'/').collect();
        prop_assume!(!matches!(&name[..], b"" | b"." | b".."));
        let world = World::new("x");
        let body = world.with(|doc| {
            let representation::Sources::Mirrors(selection) = doc.sources else { unreachable!() };
            yum_list(&name, selection.ranked(), "http://x").to_bytes()
        });
        let text = String::from_utf8(body).unwrap();
        let expected = [b"pub/", &name[..], b"/"].concat();
        let paths: Vec<_> = text.lines().map(path_of).collect();
        prop_assert_eq!(paths, vec![expected; 3]);
    }
}
