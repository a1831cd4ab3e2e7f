//! Names of files are bytes that somebody else chose. Whatever they are, each representation is
//! well-formed, and every URL in it fetches the very file.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use harness::command::run;
use harness::http::Response;
use harness::httpd::Httpd;
use harness::site::{GERMANY, Mirror, Site, noise};
use harness::sums::{Sums, Zsync};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use crate::documents::{self, ALL, links, magnet, urls};

/// The directory of all files here, which has its oddities too.
const DIR: &str = "odd & même %41";

const NAMES: [&[u8]; 34] = [
    b"plain.iso",
    b"a b",
    b" leading and trailing ",
    b"100%",
    b"%41%2f%2e%2e%00",
    b"a#b?c=d&e",
    b"?meta4",
    b"<script>alert(1)<img src=x onerror=alert(2)>",
    b"\"' onclick='x' style=\"",
    b"a+b;c,d=e",
    b"two\nlines",
    b"X\r\nX-Evil: 1\r\n\r\n<html>",
    b"\ttab\x0b\x0c",
    b"\x01\x02\x7f\x1b[31m",
    b"\\back\\slash\\n`{|}^~$(id)",
    b"]]>&amp;--><!--",
    b"{{7*7}}${x}%s%n",
    b"-rf",
    b"--help",
    b"~user",
    b"..hidden",
    b"ends.",
    b".meta4",
    b"real.iso.torrent",
    b"real.iso.md5",
    b"sum.sha256.md5",
    b"url.mirrorlist?mirrorlist",
    "\u{202e}gpj.exe \u{627}\u{644}\u{5d0}".as_bytes(),
    "\u{ffff}\u{fffe}\u{1f600}\u{85}\u{2028}".as_bytes(),
    "e\u{301} \u{e9} \u{fb01}".as_bytes(),
    b"\xff\xfe\xc3(.iso",
    b"latin-1 \xe9",
    b"\xed\xa0\x80\xf5",
    b"\xc0\xaf..\xc0\xaf",
];

/// Names at the limits of the file system, and pseudo-random ones.
fn names() -> BTreeSet<Vec<u8>> {
    let mut names: BTreeSet<Vec<u8>> = NAMES.iter().map(|name| name.to_vec()).collect();
    names.extend([
        vec![b'x'; 255],
        "ü".repeat(127).into_bytes(),
        vec![b'&'; 249],
    ]);
    let mut random = fastrand::Rng::with_seed(20_261_122);
    let odd = [
        "%",
        "#",
        "?",
        "&",
        "<",
        ">",
        "\"",
        "'",
        "+",
        ";",
        " ",
        "\n",
        "\r",
        "\\",
        ".",
        ":",
        "=",
        "a",
        "%0d",
        "%0A",
        ".meta4",
        "é",
        "\u{5d0}",
        "\u{1f4a9}",
        "]]>",
        "\u{0}",
        "/",
    ];
    for _ in 0..24 {
        let text: String = (0..random.usize(1..20))
            .filter_map(|_| random.choice(odd))
            .collect();
        let bytes: Vec<u8> = (0..random.usize(1..40)).map(|_| random.u8(..)).collect();
        for mut name in [text.into_bytes(), bytes] {
            name.retain(|byte| !matches!(byte, 0 | b'/'));
            if !matches!(&name[..], b"" | b"." | b"..") {
                names.insert(name);
            }
        }
    }
    names
}

/// A file of that name, here and on the mirror.
struct Odd {
    name: Vec<u8>,
    content: Vec<u8>,
}

impl Odd {
    fn path(&self) -> Vec<u8> {
        [DIR.as_bytes(), b"/", &self.name].concat()
    }

    /// The path of its URL, with all encoded that may be.
    fn target(&self) -> String {
        format!(
            "/{}/{}",
            percent_encode(DIR.as_bytes(), NON_ALPHANUMERIC),
            percent_encode(&self.name, NON_ALPHANUMERIC)
        )
    }

    /// The path as the database has it, if it can.
    fn key(&self) -> Option<String> {
        String::from_utf8(self.path()).ok()
    }

    fn sums(&self) -> Sums {
        Sums {
            zsync: Zsync {
                block_size: 2048,
                hash_lengths: "2,2,5".into(),
                // Seven bytes for each of the three blocks.
                sums: b"\n\nURL: http://s.ex/\n\n".to_vec(),
            },
            pgp: "-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\n".into(),
            ..Sums::of(&self.name, &self.content)
        }
    }

    /// URLs that ask for a representation: by suffix, if such a name can be, and by query.
    fn requests(&self, representation: &str) -> Vec<String> {
        let mut requests = vec![format!("{}?{representation}", self.target())];
        if self.name.len() + 1 + representation.len() <= 255 {
            requests.push(format!("{}.{representation}", self.target()));
        }
        requests
    }
}

/// The site, the mirror, and what is to be checked in one go at the end.
struct World {
    httpd: Httpd,
    mirror: Httpd,
    metalinks: Vec<String>,
}

impl World {
    fn start(files: &[Odd]) -> Self {
        let builder = Httpd::builder();
        let pub_dir = builder.tree().join("pub");
        fs::create_dir_all(pub_dir.join(DIR)).unwrap();
        for file in files {
            fs::write(pub_dir.join(OsStr::from_bytes(&file.path())), &file.content).unwrap();
        }
        let mirror = builder.start();
        let mut site = Site::new("hostile")
            .mirror(&Mirror::new("berlin", "eu", "de").at(mirror.url("/pub/")))
            .config("MirrorBrainTorrentTrackerURL http://bt.example.org/announce");
        for file in files {
            site = match file.key() {
                None => site.local(file.path(), &file.content),
                Some(key) => {
                    site.file(&key, &file.content)
                        .sums(&key, file.content.len(), &file.sums())
                }
            };
        }
        Self {
            httpd: site.start().0,
            mirror,
            metalinks: Vec::new(),
        }
    }

    #[track_caller]
    fn get(&self, target: &str) -> Response {
        let answer = self.httpd.get_with(target, GERMANY);
        for (name, value) in &answer.headers {
            let plain = |b: &u8| matches!(b, b' '..=b'~');
            assert!(value.iter().all(plain), "{target}: {name}: {value:?}");
        }
        assert!(answer.header("X-Evil").is_none(), "{target}");
        answer
    }

    /// Fetches a URL: from the mirror, or from the site itself, which redirects there.
    #[track_caller]
    fn fetch(&self, url: &str) -> Response {
        let unsafe_in_url = |b: u8| !b.is_ascii_graphic() || br#""<>\^`{|}'"#.contains(&b);
        assert!(!url.bytes().any(unsafe_in_url), "{url}");
        if let Some(path) = url.strip_prefix("http://download.example.org") {
            let answer = self.get(path);
            return match answer.status {
                302 => self.fetch(&answer.location()),
                _ => answer,
            };
        }
        let at_mirror = url.strip_prefix(&self.mirror.url(""));
        self.mirror
            .get(at_mirror.unwrap_or_else(|| panic!("{url}")))
    }

    #[track_caller]
    fn assert_fetches(&self, urls: &[String], file: &Odd) {
        assert!(!urls.is_empty());
        for url in urls {
            let answer = self.fetch(url);
            assert!(
                answer.status == 200 && answer.body == file.content,
                "{url}: {answer:?}"
            );
        }
    }

    fn check_redirect(&self, file: &Odd) {
        let answer = self.get(&file.target());
        assert_eq!(answer.status, 302, "{}", file.target());
        self.assert_fetches(&[answer.location()], file);
        for link in answer.headers("Link") {
            let (url, rest) = link
                .strip_prefix('<')
                .and_then(|l| l.split_once(">; "))
                .unwrap();
            if rest.starts_with("rel=duplicate") {
                self.assert_fetches(&[url.to_owned()], file);
            } else if !url.ends_with(".asc") {
                assert_eq!(self.fetch(url).status, 200, "{link}");
            }
        }
    }

    fn check_lists(&mut self, file: &Odd) {
        for representation in &ALL[..6] {
            for request in file.requests(representation) {
                let answer = self.get(&request);
                assert_eq!(answer.status, 200, "{request}");
                self.assert_fetches(&urls(representation, &answer), file);
                match *representation {
                    "meta4" => self.metalinks.push(answer.text()),
                    "magnet" => self.check_magnet(&answer, file),
                    "mirrorlist" => self.check_page(&answer),
                    _ => {}
                }
            }
        }
    }

    fn check_magnet(&self, answer: &Response, file: &Odd) {
        for (name, value) in magnet(&answer.text()) {
            match name.as_str() {
                "as" => self.assert_fetches(&[value], file),
                "xs" => assert_eq!(self.fetch(&value).status, 200, "{value}"),
                "dn" => assert_eq!(value.as_bytes(), file.name),
                _ => {}
            }
        }
    }

    /// No link of the page is dead, but for the signature, which no tree here has.
    fn check_page(&self, answer: &Response) {
        let page = answer.text();
        assert!(
            !page.contains("<script") && !page.contains("onerror=alert(2)>"),
            "{page}"
        );
        for link in links(&page, "#mirrorbrain-links a") {
            if link.starts_with("http") && !link.ends_with(".asc") {
                assert_eq!(self.fetch(&link).status, 200, "{link}");
            }
        }
    }

    /// What the database cannot know is sent from here, and has no other representation.
    fn check_unknown(&self, file: &Odd) {
        let answer = self.get(&file.target());
        assert!(answer.status == 200 && answer.body == file.content);
        for representation in ALL {
            for request in file.requests(representation) {
                let answer = self.get(&request);
                if representation == "mirrorlist" {
                    let here = links(&answer.text(), "#mirrorbrain-mirrors-none a");
                    self.assert_fetches(&here, file);
                } else {
                    assert_eq!(answer.status, 404, "{request}");
                }
            }
        }
    }
}

#[test]
fn every_url_of_every_representation_fetches_the_file_whatever_its_name() {
    let files: Vec<Odd> = names()
        .into_iter()
        .zip(1000..)
        .map(|(name, seed)| Odd {
            content: noise(seed, 5000),
            name,
        })
        .collect();
    let mut world = World::start(&files);
    for file in &files {
        if file.key().is_some() {
            world.check_redirect(file);
            world.check_lists(file);
        } else {
            world.check_unknown(file);
        }
    }
    let work = world.httpd.work().to_owned();
    let save = |(text, number): (&String, u32)| {
        let name = work.join(format!("{number}.meta4"));
        fs::write(&name, text).unwrap();
        name
    };
    let saved: Vec<_> = world.metalinks.iter().zip(0..).map(save).collect();
    documents::validate(&saved);

    // The checkers of the coreutils find every file by the name in its line.
    for (name, program) in [
        ("md5", "md5sum"),
        ("sha1", "sha1sum"),
        ("sha256", "sha256sum"),
    ] {
        let mut lines = Vec::new();
        for file in files.iter().filter(|file| file.key().is_some()) {
            for request in file.requests(name) {
                lines.extend(world.get(&request).body);
            }
        }
        let list = work.join(name);
        fs::write(&list, lines).unwrap();
        run(Command::new(program)
            .args(["--check", "--strict", "--quiet"])
            .arg(list)
            .current_dir(world.httpd.tree().join(DIR)));
    }
}

#[test]
fn nothing_from_request_or_database_becomes_a_header() {
    let (httpd, _) = Site::new("hostile_headers")
        .mirror(&Mirror {
            base_url: "http://m.example/\r\nX-Evil: 1/".into(),
            ..Mirror::new("berlin\r\nX-Evil: 1", "eu", "de")
        })
        .hashed("full.iso", b"content")
        .directory("AcceptPathInfo On")
        .config("MirrorBrainTorrentTrackerURL http://bt.example.org/announce")
        .start();
    let evil = "%0d%0aX-Evil:%201%0d%0a%0d%0a";
    let mut targets = vec![
        "/full.iso".to_owned(),
        format!("/full.iso?country={evil}&as={evil}"),
        format!("/full.iso?{evil}={evil}"),
        format!("/full.iso/{evil}"),
        format!("/full.iso{evil}.meta4"),
        format!("/full.iso.{evil}"),
    ];
    targets.extend(ALL.map(|name| format!("/full.iso/{evil}?{name}={evil}")));
    for target in targets {
        let headers = [("X-Test-Country", "D%0d"), ("X-Broken-Mirrors", "\t1")];
        let answer = httpd.get_with(&target, &headers);
        assert!(
            [200, 302, 404].contains(&answer.status),
            "{target}: {}",
            answer.status
        );
        assert!(answer.headers("X-Evil").is_empty(), "{target}: {answer:?}");
    }
    let answer = httpd.get("/full.iso");
    assert_eq!(
        answer.location(),
        "http://m.example/%0D%0AX-Evil:%201/full.iso"
    );
}
