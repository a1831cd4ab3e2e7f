//! Bytes that would be a line of their own in a header or a log.

use std::fs;

use harness::http::Response;
use harness::httpd::Httpd;
use harness::postgres::Cluster;
use harness::site::{GERMANY, Mirror, Site};
use harness::sums::{Sums, Zsync};

use crate::documents::ALL;

/// Ends a line, starts another, and plays with the terminal of who reads it.
const EVIL: &str = "x\r\nX-Evil: 1\r\n\x1b[31m\u{9b}2J\x07\x7f";

/// What `EVIL` is in a URL.
const EVIL_URL: &str = "x%0d%0aX-Evil:%201%0d%0a%1b%5b31m%c2%9b2J%07%7f";

/// What the access log tells of each request.
const LOGGED: &str = "%r|%U|%{WANT}e|%{GIVE}e|%{MB_REALM}e|%{MB_FILESIZE}e|%{MB_COUNTRY_CODE}e|\
                      %{MB_CONTINENT_CODE}e|%{X-MirrorBrain-Mirror}o|%{Location}o";

/// A site whose database, file names and clients are all hostile.
fn site(name: &str) -> Httpd {
    let file = format!("{EVIL}.iso");
    let sums = Sums {
        pgp: format!("-----BEGIN PGP SIGNATURE-----\n{EVIL}\0]]>").replace('\0', ""),
        zsync: Zsync {
            block_size: 2048,
            // The column holds eight characters.
            hash_lengths: "2\r\nURL:x".into(),
            sums: vec![1; 7],
        },
        ..Sums::of(file.as_bytes(), b"content")
    };
    Site::new(name)
        .mirror(&Mirror {
            base_url: format!("http://m.example/{EVIL}/"),
            other_countries: "d\r,\n",
            ..Mirror::new("a\r\nX-Evil: 1\x1b[31m", "e\n", "\r\n")
        })
        .file(&file, b"content")
        .sums(&file, 7, &sums)
        .local(b"not utf-8 \xff\x1b[31m\n.iso", b"content")
        .directory("MirrorBrainDebug On\nAcceptPathInfo On")
        .directory(&format!(
            "MirrorBrainFallback eu de \"http://f.example/{}\"",
            "\x1b[31m"
        ))
        .config("MirrorBrainTorrentTrackerURL http://bt.example.org/announce")
        .config(&format!("CustomLog \"@WORK@/access.log\" \"{LOGGED}\""))
        // Control characters in request headers come through to the modules.
        .config("HttpProtocolOptions Unsafe")
        .httpd(|builder| builder.stock(&["log_config"]))
        .start()
        .0
}

/// Neither a control character nor a line that does not begin as httpd begins each.
#[track_caller]
fn assert_log_is_clean(text: &[u8], start: impl Fn(&[u8]) -> bool) {
    for line in text.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
        let shown = String::from_utf8_lossy(line);
        assert!(start(line), "{shown}");
        // ESC and its like, and those of the C1 set that UTF-8 encodes as C2 80 to C2 9F.
        assert!(!line.iter().any(u8::is_ascii_control), "{shown}");
        let c1 = line
            .windows(2)
            .any(|pair| matches!(pair, [0xc2, 0x80..=0x9f]));
        assert!(!c1, "{shown}");
    }
}

#[track_caller]
fn assert_no_line_is_made(target: &str, answer: &Response) {
    for (name, value) in &answer.headers {
        let plain = value.iter().all(|b| (b' '..=b'~').contains(b));
        assert!(plain && name != "X-Evil", "{target}: {name}: {value:?}");
    }
    if target.ends_with(".zsync") {
        let text = String::from_utf8_lossy(&answer.body);
        let made = text.contains("\nURL:x") || text.contains("\nX-Evil");
        assert!(!made, "{text}");
    }
}

#[test]
fn no_name_row_or_header_makes_a_line_of_a_header_or_a_log() {
    let mut httpd = site("injection");
    let mut targets = vec![
        format!("/{EVIL_URL}.iso"),
        format!("/{EVIL_URL}.iso/{EVIL_URL}"),
        format!("/{EVIL_URL}.iso?country={EVIL_URL}&as={EVIL_URL}&{EVIL_URL}"),
        format!("/{EVIL_URL}.iso?country=de&as=680"),
        "/not%20utf-8%20%ff%1b%5b31m%0a.iso".to_owned(),
        "/not%20utf-8%20%ff%1b%5b31m%0a.iso.meta4".to_owned(),
        format!("/{EVIL_URL}.none"),
    ];
    targets.extend(ALL.map(|name| format!("/{EVIL_URL}.iso.{name}")));
    let clients = [
        GERMANY.to_vec(),
        vec![
            ("X-Test-Country", "D\x1b"),
            ("X-Test-Continent", "E\u{9b}"),
            ("X-Test-ASN", "1\x1b[m"),
        ],
        vec![
            ("X-Test-Prefix", "\x1b[31m/8"),
            ("X-Test-Addr", "192.0.2.1\x1b"),
            ("User-Agent", "\x1b[m"),
        ],
    ];
    let mut redirects = 0;
    for target in &targets {
        for headers in &clients {
            let answer = httpd.get_with(target, headers);
            redirects += usize::from(answer.status == 302);
            assert_no_line_is_made(target, &answer);
        }
    }
    assert!(redirects > 0);
    let log = fs::read(httpd.work().join("error.log")).expect("error log");
    assert!(
        log.windows(8).any(|part| part == b"asks for"),
        "nothing is logged"
    );
    assert_log_is_clean(&log, |line| line.starts_with(b"["));
    let access = fs::read(httpd.work().join("access.log")).expect("access log");
    assert_log_is_clean(&access, |line| {
        line.starts_with(b"GET /") || line.starts_with(b"OPTIONS * ")
    });
    httpd.allow("[mirrorbrain:");
    httpd.allow("[core:");
}

/// `ASLookupQuery` is the site's, but its rows may be somebody else's.
#[test]
fn a_row_of_mod_asn_that_is_no_network_is_none() {
    let database = Cluster::shared().database("injection_asn", &[]);
    let query = "SELECT CASE host(%s::inet) WHEN '10.0.0.1' THEN '10.0.0.0/8' || chr(13) || chr(10) || \
                 'X-Evil: 1' WHEN '10.0.0.2' THEN chr(233) ELSE '10.0.0.0/8' END, '64500'";
    let httpd = Httpd::builder()
        .ours(&["asn"])
        .config(&format!(
            "DBDParams \"{}\"\nASLookupQuery \"{query}\"",
            database.params()
        ))
        .config("ASIPHeader X-Client\n<Directory \"@TREE@\">")
        .config("ASLookup On\nASSetHeaders On\n</Directory>")
        .start();
    let ask = |client| httpd.get_with("/none", &[("X-Client", client)]);
    for client in ["10.0.0.1", "10.0.0.2"] {
        let answer = ask(client);
        assert_eq!(
            (answer.status, answer.header("X-AS")),
            (404, None),
            "{client}"
        );
        assert!(answer.header("X-Evil").is_none(), "{client}");
    }
    assert_eq!(ask("10.0.0.3").header("X-AS").as_deref(), Some("64500"));
}
