//! The files that listings are made of.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use harness::command::run;
use harness::files::sparse;

const DAY: u64 = 86_400;
const START: u64 = 1_600_000_000;

fn put(root: &Path, name: &[u8], content: &[u8]) {
    let path = root.join(OsStr::from_bytes(name));
    fs::create_dir_all(path.parent().expect("a directory")).expect("directories");
    fs::write(&path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    date(&path, START);
}

fn date(path: &Path, seconds: u64) {
    let file = fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        .expect("date");
}

/// Files of all sorts and sizes, links, directories with rules of their own.
fn mixed(root: &Path) {
    let sizes: [(&str, u64); 22] = [
        ("a.iso", 5 << 30),
        ("b.tar.gz", 12_345),
        ("readme.txt", 10),
        ("Makefile", 972),
        ("z.rpm", 973),
        ("core", 1023),
        ("k1", 1024),
        ("k9", 9 * 1024 + 972),
        ("k9b", 9 * 1024 + 973),
        ("m", (1 << 20) - 1),
        ("M", 1 << 20),
        ("big", (1 << 40) + 5),
        ("img.png", 1 << 30),
        ("foo-1.2.tar.bz2", 512),
        ("foo-1.10.tar.bz2", 513),
        ("foo-1.9.tar.bz2", 513),
        ("foo-01.9.tar.bz2", 513),
        ("file~", 1),
        (".hidden", 1),
        (".htfoo", 1),
        ("README.old", 4),
        ("a-name-of-twenty-three.x", 1),
    ];
    for (day, (name, size)) in sizes.iter().enumerate() {
        sparse(root, name, *size, START + (day as u64 * 7 % 22) * DAY);
    }
    put(
        root,
        b"page.html",
        b"<html><TITLE>The  title\n of &amp; it</TITLE>",
    );
    put(root, b"untitled.HTML", b"<html><head>no title here</head>");
    put(
        root,
        b"leading.xhtml",
        b"<title>\n\n xh &lt; \r\nml</title>",
    );
    put(root, b"endless.html", b"<title>never ends");
    put(root, b"packed.html.gz", b"<title>packed</title>");
    put(root, b"spoken.html.en", b"<title>english</title>");
    put(root, b"with-index/index.html", b"<title>IDX</title>");
    put(root, b"sub/inner.txt", b"text");
    put(root, b"forbidden/.htaccess", b"Require all denied\n");
    put(root, b"unlisted/.htaccess", b"Options -Indexes\n");
    for name in ["empty", "dotted.d", "zz.tar.gz", ".hid", "Sub2"] {
        fs::create_dir(root.join(name)).expect("directory");
    }
    for (link, target) in [
        ("link.iso", "a.iso"),
        ("linkdir", "sub"),
        ("dangling", "/nowhere/at/all"),
    ] {
        symlink(target, root.join(link)).expect("link");
    }
    for name in [
        "sub",
        "with-index",
        "empty",
        "dotted.d",
        "zz.tar.gz",
        ".hid",
        "Sub2",
    ] {
        date(&root.join(name), START + 100 * DAY);
    }
}

/// Names that mean something to HTML, to URLs or to patterns.
fn hostile(root: &Path) {
    for byte in (1..=255_u8).filter(|b| *b != b'/') {
        put(root, &[b'n', byte, b'x'], b"");
    }
    let names: [&[u8]; 25] = [
        b"<script>alert(1)<script>",
        b"\"onmouseover=\"x",
        b"it's",
        b"a&b;c",
        b"a&amp;b",
        b"a?b=c#d",
        b"a%20b",
        b"100%",
        b"sp ace",
        b"new\nline",
        "caf\u{e9}".as_bytes(),
        b"latin\xe9",
        "\u{1f41b}".as_bytes(),
        b":colon",
        b"http:x",
        b"..x",
        b"...",
        b"-dash",
        b"\x7f",
        b"&lt;",
        b"*",
        b"?",
        b"[a]",
        b"back\\slash",
        &[b'x'; 255],
    ];
    for name in names {
        put(root, name, b"");
    }
    for name in ["dir:colon", "<b>", "sp dir"] {
        fs::create_dir(root.join(name)).expect("directory");
        date(&root.join(name), START);
    }
}

/// Texts for HeaderName and ReadmeName.
fn framed(root: &Path) {
    put(root, b"HEADER.html", b"<p>header & fragment</p>\n");
    put(root, b"README.html", b"<p>readme fragment</p>\n");
    put(root, b"HEADER.txt", b"text <header> & \"x\"\n");
    put(
        root,
        b"README.txt",
        &b"a long <readme> & more\n".repeat(1000),
    );
    put(root, b"HEADER.unknown", b"no type");
    put(
        root,
        b"full.html",
        b"<html><head><title>mine</title></head><body>\n",
    );
    put(root, b"foot.html", b"foot</body></html>\n");
    put(root, b"spoken.html.en", b"english\n");
    put(root, b"spoken.html.de", b"deutsch\n");
    put(
        root,
        b"included.shtml",
        b"<!--#echo var=\"REQUEST_URI\" --> <!--#echo var=\"QUERY_STRING\" -->\n",
    );
    put(root, b"secret.html", b"secret");
    put(root, b"one", b"1");
}

/// Entries that are no files, lead nowhere, or may not be read.
fn odd(root: &Path) {
    put(root, b"plain.txt", b"text");
    put(root, b"unreadable.txt", b"text");
    put(root, b"closed/inside", b"1");
    put(root, b"open/inside", b"1");
    run(Command::new("mkfifo").arg(root.join("fifo.txt")));
    UnixListener::bind(root.join("socket.txt")).expect("socket");
    for (link, target) in [
        ("to-file.txt", "plain.txt"),
        ("to-unreadable.txt", "unreadable.txt"),
        ("to-inside.txt", "open/inside"),
        ("to-closed.txt", "closed/inside"),
        ("to-fifo.txt", "fifo.txt"),
        ("to-socket.txt", "socket.txt"),
        ("to-directory", "open"),
        ("to-nothing", "nothing"),
        ("to-itself", "to-itself"),
        ("to-parent", ".."),
        ("to-link", "to-file.txt"),
    ] {
        symlink(target, root.join(link)).expect("link");
    }
}

/// Directories and files that the server may not search or read.
const CLOSED: [(&str, u32); 4] = [
    ("odd/closed", 0),
    ("odd/unreadable.txt", 0),
    ("unsearchable", 0o444),
    ("unreadable", 0o111),
];

fn close(tree: &Path) {
    for (name, mode) in CLOSED {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(tree.join(name), mode).expect("mode");
    }
}

/// Opens what is closed, so that the tree below `root` can be removed.
pub fn open(root: &Path) {
    for (name, _) in CLOSED {
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(root.join("tree").join(name), mode).expect("mode");
    }
}

/// Makes the tree below `root` and gives its path.
pub fn make(root: &Path) -> PathBuf {
    let tree = root.join("tree");
    mixed(&tree.join("mixed"));
    hostile(&tree.join("hostile"));
    framed(&tree.join("framed"));
    odd(&tree.join("odd"));
    for name in [
        "unsearchable/x.txt",
        "unsearchable/sub/y",
        "unreadable/x.txt",
    ] {
        put(&tree, name.as_bytes(), b"1");
    }
    put(
        &tree.join("own-rules"),
        b".htaccess",
        b"IndexOptions +FancyIndexing\nAddDescription \"own\" x*\nIndexIgnore *.bak\n",
    );
    put(&tree.join("own-rules"), b"x", b"1");
    put(&tree.join("own-rules"), b"y.bak", b"1");
    fs::create_dir_all(tree.join("deep/er/est")).expect("directories");
    for number in 0..600 {
        let name = format!(
            "many/package-{}.{}.{number}.x86_64.rpm",
            number % 7,
            number % 13
        );
        sparse(&tree, &name, number * 997, START + number * 7919);
    }
    for name in [
        "mixed",
        "hostile",
        "framed",
        "own-rules",
        "deep/er/est",
        "deep/er",
        "deep",
        "many",
        "odd/closed",
        "odd/open",
        "odd",
        "unsearchable",
        "unreadable",
    ] {
        date(&tree.join(name), START);
    }
    close(&tree);
    tree
}
