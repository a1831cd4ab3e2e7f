//! Real servers of HTTP.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use harness::daemon::Daemon;
use mirror_files::{Error, Kind, Options, Size, Time, http};

use crate::tree::{FILES, Listed, MTIME, Tree, long_name, options};

fn list(url: &str, options: &Options) -> Result<Listed, Error> {
    Listed::by(|sink| http::list(url, options, sink))
}

/// How sure a server is of sizes and times.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sure {
    /// To the byte and the second.
    Exact,
    /// Sizes to the byte, times within a day or two.
    Bytes,
    /// Sizes are rounded.
    Rounded,
    /// Names alone.
    Nothing,
}

/// The same tree is listed, and every file of it, whatever the server writes.
#[track_caller]
fn assert_listed(server: &Daemon, sure: Sure) {
    assert_shown(server, sure, |_| true);
}

/// The same for a server that does not show all names.
#[track_caller]
fn assert_shown(server: &Daemon, sure: Sure, shows: fn(&str) -> bool) {
    let base = format!("http://{}", server.address());
    let listed = list(&base, &options()).unwrap();
    assert!(listed.listing.is_complete(), "{:?}", listed.listing.unread);
    let long = long_name();
    let mut expected: BTreeMap<&str, u64> = FILES.iter().copied().collect();
    expected.insert(&long, 24);
    expected.retain(|path, _| path.split('/').all(shows));
    let mut files = listed.files();
    files.retain(|path, _| !path.starts_with("circle/"));
    let paths: Vec<_> = files.keys().copied().collect();
    assert_eq!(paths, expected.keys().copied().collect::<Vec<_>>());
    for (path, (size, mtime)) in files {
        let bytes = expected[path];
        assert!(
            size.may_be(bytes) && mtime.may_be(MTIME, 0),
            "{path}: {size:?} {mtime:?}"
        );
        let is_exact = (size == Size::Exact(bytes), mtime == Time::Exact(MTIME));
        match sure {
            Sure::Exact => assert_eq!(is_exact, (true, true), "{path}"),
            Sure::Bytes => assert!(is_exact.0 && mtime != Time::Unknown, "{path}: {mtime:?}"),
            Sure::Rounded => {
                assert!(!size.may_be(bytes * 2 + 1024), "{path}: {size:?}");
                assert!(!mtime.may_be(MTIME + 3 * 86_400, 0), "{path}: {mtime:?}");
            }
            Sure::Nothing => assert_eq!((size, mtime), (Size::Unknown, Time::Unknown)),
        }
    }
    assert!(listed.listing.unusable >= 3, "{}", listed.listing.unusable);
    assert!(listed.paths(Kind::Directory).contains(&"empty dir"));
    // A link in a circle is followed a few times at the most.
    assert!(
        listed.entries.len() < 10 * FILES.len(),
        "{}",
        listed.entries.len()
    );
    subtrees(&base, shows);
}

#[track_caller]
fn subtrees(base: &str, shows: fn(&str) -> bool) {
    let below = |subtree: &str| Options {
        subtree: subtree.to_owned(),
        ..options()
    };
    let listed = list(&format!("{base}/sub%20dir/"), &below("ä")).unwrap();
    let mut both = vec!["ä/..dots", "ä/größe 日本.txt"];
    both.retain(|path| path.split('/').all(shows));
    assert_eq!(listed.paths(Kind::File), both);
    let listed = list(base, &below("empty dir")).unwrap();
    assert_eq!(
        (listed.entries.len(), listed.listing.is_complete()),
        (0, true)
    );
    let error = list(base, &below("no")).err().unwrap();
    assert!(matches!(error, Error::Gone(_)), "{error:?}");
    let paths = [
        "question?mark=1&x",
        "sub dir/ä/größe 日本.txt",
        "big/over4G.iso",
        "no",
    ];
    let paths = paths.map(str::to_owned);
    let listed = Listed::by(|sink| http::files(base, &paths, &options(), sink)).unwrap();
    let files = listed.files().into_iter();
    let sizes: Vec<_> = files.map(|(path, (size, _))| (path, size)).collect();
    let expected = [
        ("big/over4G.iso", Size::Exact((1 << 32) + 12_345)),
        ("question?mark=1&x", Size::Exact(11)),
        ("sub dir/ä/größe 日本.txt", Size::Exact(19)),
    ];
    assert_eq!(sizes, expected);
    // lighttpd tells no time of files whose type it does not know.
    assert!(
        listed
            .entries
            .iter()
            .all(|entry| entry.mtime.may_be(MTIME, 0))
    );
    assert!(listed.listing.is_complete());
}

#[test]
fn apache_is_read_in_each_of_its_modes() {
    let tree = Tree::web();
    for (mode, sure) in [
        ("", Sure::Nothing),
        ("IndexOptions FancyIndexing", Sure::Rounded),
        (
            "IndexOptions FancyIndexing HTMLTable NameWidth=*",
            Sure::Rounded,
        ),
        (
            "IndexOptions FancyIndexing HTMLTable XHTML FoldersFirst",
            Sure::Rounded,
        ),
        (
            "IndexOptions FancyIndexing IconsAreLinks SuppressRules",
            Sure::Rounded,
        ),
        (
            "IndexOptions FancyIndexing UseOldDateFormat SuppressIcon VersionSort",
            Sure::Rounded,
        ),
        (
            "IndexOptions FancyIndexing SuppressLastModified SuppressSize",
            Sure::Nothing,
        ),
        (
            "IndexOptions FancyIndexing SuppressColumnSorting DescriptionWidth=*",
            Sure::Rounded,
        ),
    ] {
        println!("{mode}");
        assert_listed(&Daemon::httpd(tree.path(), mode), sure);
    }
}

#[test]
fn nginx_is_read_in_html_and_json() {
    let tree = Tree::web();
    let no_dot = |name: &str| !name.starts_with('.');
    for (lines, sure) in [
        ("", Sure::Bytes),
        (
            "autoindex_exact_size off; autoindex_localtime on;",
            Sure::Rounded,
        ),
        ("autoindex_format json;", Sure::Exact),
    ] {
        assert_shown(&Daemon::nginx(tree.path(), lines), sure, no_dot);
    }
}

#[test]
fn lighttpd_is_read() {
    let tree = Tree::web();
    assert_listed(&Daemon::lighttpd(tree.path()), Sure::Rounded);
}

#[test]
fn caddy_is_read_exactly() {
    let tree = Tree::web();
    assert_listed(&Daemon::caddy(tree.path()), Sure::Exact);
}

#[test]
fn pythons_server_is_read() {
    let tree = Tree::web();
    assert_listed(&Daemon::python(tree.path()), Sure::Nothing);
}

/// The lines of an answer's head behind the first, and its body.
type Reply = (&'static str, &'static str, Vec<u8>);

/// A server that answers each path by a rule.
fn fake(answer: fn(&str) -> Reply) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || talk(stream, answer));
        }
    });
    format!("http://127.0.0.1:{port}/")
}

fn talk(mut stream: TcpStream, answer: fn(&str) -> Reply) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let (status, head, body) = answer(first.split(' ').nth(1).unwrap_or_default());
    write!(
        stream,
        "HTTP/1.1 {status} x\r\nConnection: close\r\n{head}\r\n\r\n"
    )?;
    stream.write_all(&body)
}

const HTML: &str = "Content-Type: text/html";

#[test]
fn a_bucket_is_read_page_by_page() {
    fn page(rest: &str) -> Reply {
        let text = format!(
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{rest}</ListBucketResult>"
        );
        ("200", "Content-Type: application/xml", text.into_bytes())
    }
    let url = fake(|path| match path {
        "/" => page(
            "<IsTruncated>true</IsTruncated><Contents><Key>README</Key><Size>5</Size></Contents>\
             <Contents><Key>a/b &amp;.txt</Key><Size>6</Size></Contents>",
        ),
        "/?marker=a%2Fb+%26.txt" => page(
            "<IsTruncated>false</IsTruncated><Contents><Key>c/d/e</Key><Size>7</Size></Contents>\
             <Contents><Key>../up</Key><Size>7</Size></Contents>",
        ),
        "/?prefix=c%2F" => page("<Contents><Key>c/d/e</Key><Size>7</Size></Contents>"),
        "/?prefix=no%2F" => page("<IsTruncated>false</IsTruncated>"),
        _ => ("404", "Content-Type: application/xml", b"<Error/>".to_vec()),
    });
    let listed = list(&url, &options()).unwrap();
    assert_eq!(listed.paths(Kind::File), ["README", "a/b &.txt", "c/d/e"]);
    assert_eq!(
        (listed.listing.unusable, listed.listing.is_complete()),
        (1, true)
    );
    let below = |subtree: &str| Options {
        subtree: subtree.to_owned(),
        ..options()
    };
    assert_eq!(
        list(&url, &below("c")).unwrap().paths(Kind::File),
        ["c/d/e"]
    );
    assert!(matches!(
        list(&url, &below("no")).err(),
        Some(Error::Gone(_))
    ));
    let circle = fake(|_| {
        page("<IsTruncated>true</IsTruncated><Contents><Key>a</Key><Size>5</Size></Contents>")
    });
    assert!(!list(&circle, &options()).unwrap().listing.is_complete());
}

#[test]
fn what_is_no_listing_is_refused_in_a_sentence() {
    let few = Options {
        idle: Duration::from_secs(5),
        limit: Duration::from_secs(20),
        most_entries: 1000,
        ..options()
    };
    let said = |answer| list(&fake(answer), &few).err().unwrap().to_string();
    for (expected, answer) in [
        (
            "the page is no listing",
            (|_| {
                (
                    "200",
                    HTML,
                    b"<h1>Sorry</h1><a href='/help'>help</a>".to_vec(),
                )
            }) as fn(&str) -> Reply,
        ),
        ("the page is no listing", |_| {
            (
                "200",
                "Content-Type: application/json",
                b"{\"error\":1}".to_vec(),
            )
        }),
        ("it is image/png, and no page", |_| {
            ("200", "Content-Type: image/png", Vec::new())
        }),
        ("status 500", |_| ("500", HTML, Vec::new())),
        ("status 403", |_| ("403", HTML, Vec::new())),
        (
            "it leads to http://169.254.169.254/latest/, which is not asked",
            |_| {
                (
                    "302",
                    "Location: http://169.254.169.254/latest/",
                    Vec::new(),
                )
            },
        ),
        ("it leads to ftp://127.0.0.1/", |_| {
            ("302", "Location: ftp://127.0.0.1/", Vec::new())
        }),
        ("it leads elsewhere again and again", |_| {
            ("302", "Location: /", Vec::new())
        }),
        ("the listing ended in the middle", |_| {
            (
                "200",
                "Content-Type: text/html\r\nContent-Length: 99",
                b"<h1>Index of /".to_vec(),
            )
        }),
        ("the listing has more than 67108864 bytes in a page", |_| {
            ("200", HTML, b"<h1>Index of /</h1>".repeat(4 << 20))
        }),
    ] {
        assert_eq!(said(answer), expected);
    }
}

#[test]
fn hostile_pages_are_bounded() {
    let few = Options {
        limit: Duration::from_secs(60),
        most_entries: 1000,
        ..options()
    };
    let many = fake(|_| {
        let links = (0..2000).map(|n| format!("<a href='{n}'>{n}</a>\n"));
        let page = format!("<h1>Index of /</h1>{}", links.collect::<String>());
        ("200", HTML, page.into_bytes())
    });
    let listed = list(&many, &few).unwrap();
    assert_eq!(
        (listed.entries.len(), listed.listing.is_complete()),
        (1000, false)
    );
    let names = fake(|_| {
        let page = "<h1>Index of /</h1><a href='%2e%2e%2fx'>x</a><a href='../y'>y</a><a href='%2e%2e/'>z</a>\
                    <a href='a%00b'>b</a><a href='good'>good</a>";
        ("200", HTML, page.into())
    });
    let listed = list(&format!("{names}d/"), &few).unwrap();
    assert_eq!(
        (listed.paths(Kind::File), listed.listing.unusable),
        (vec!["good"], 2)
    );
    let circle = fake(|_| {
        (
            "200",
            HTML,
            b"<h1>Index of /</h1><a href='d/'>d</a>".to_vec(),
        )
    });
    let listed = list(&circle, &few).unwrap();
    assert!(listed.entries.len() < 10, "{}", listed.entries.len());
}

#[test]
fn an_error_below_is_named_and_what_is_gone_is_no_error() {
    let url = fake(|path| match path {
        "/" => (
            "200",
            HTML,
            b"<h1>Index of /</h1><a href='a/'>a</a><a href='b/'>b</a><a href='c'>c</a>".to_vec(),
        ),
        "/a/" => ("500", HTML, Vec::new()),
        _ => ("404", HTML, Vec::new()),
    });
    let listed = list(&url, &options()).unwrap();
    assert!(!listed.listing.covers("a/x") && listed.listing.covers("b/x"));
    assert_eq!(listed.paths(Kind::File), ["c"]);
}

#[test]
fn a_server_that_wants_us_to_wait_is_asked_again_then() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static ASKED: AtomicBool = AtomicBool::new(false);
    let url = fake(|_| match ASKED.swap(true, Ordering::SeqCst) {
        false => ("503", "Retry-After: 2", Vec::new()),
        true => (
            "200",
            HTML,
            b"<h1>Index of /</h1><a href='x'>x</a>".to_vec(),
        ),
    });
    let started = Instant::now();
    assert_eq!(list(&url, &options()).unwrap().paths(Kind::File), ["x"]);
    assert!(started.elapsed() >= Duration::from_secs(2));
    let url = fake(|_| ("429", "Retry-After: 3600", Vec::new()));
    let error = list(&url, &options()).err().unwrap();
    let hour = Some(Duration::from_secs(3600));
    assert!(
        matches!(error, Error::Later { after, .. } if after == hour),
        "{error:?}"
    );
}

#[test]
fn servers_of_http_that_say_nothing_are_given_up() {
    let hurried = Options {
        idle: Duration::from_secs(1),
        ..options()
    };
    let mute = fake(|_| {
        thread::sleep(Duration::from_secs(10));
        ("200", HTML, Vec::new())
    });
    let error = list(&mute, &hurried).err().unwrap();
    assert_eq!(error.to_string(), "the server said nothing for 1 seconds");
    let url = format!("http://127.0.0.1:{}/", harness::free_port());
    assert!(list(&url, &options()).err().unwrap().is_temporary());
    assert!(matches!(
        list("ftp://a/", &options()).err(),
        Some(Error::Url(_))
    ));
}
