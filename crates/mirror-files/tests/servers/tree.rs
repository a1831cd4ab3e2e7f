//! A tree of names that servers and readers get wrong.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use mirror_files::{Entry, Error, Kind, Listing, Options, Sink, Size, Time};
use tempfile::TempDir;

/// All files are of this second: 2023-11-14 22:13:20 UTC.
pub const MTIME: i64 = 1_700_000_000;

/// The files that can be known, with their sizes.
pub const FILES: &[(&str, u64)] = &[
    (" leading blank", 1),
    (".hidden", 2),
    ("100%", 3),
    ("100%25", 4),
    ("README", 5),
    ("a b  c.txt", 6),
    ("amp&amp;amp", 7),
    ("big/over2G.iso", (1 << 31) + 1),
    ("big/over4G.iso", (1 << 32) + 12_345),
    ("hash#tag", 8),
    ("less<more>", 9),
    ("plus+plus", 10),
    ("question?mark=1&x", 11),
    ("quote\"double", 12),
    ("quote'single", 13),
    ("semi;colon:and,comma", 14),
    ("back\\slash", 15),
    ("back\\#012slash", 16),
    ("brackets[a]*{b}", 17),
    ("~tilde", 18),
    ("sub dir/ä/größe 日本.txt", 19),
    ("sub dir/ä/..dots", 20),
    ("sub dir/-dash", 21),
    ("sub dir/empty", 0),
    ("trailing blank ", 22),
    ("CVS/README", 23),
    ("d.tar.gz", 1_048_576),
    ("exact kilo", 1024),
    ("almost a mega", 1_048_575),
];

/// Of a name as long as file systems have them.
pub fn long_name() -> String {
    "l".repeat(255)
}

/// Names that nobody can know.
const UNUSABLE: &[&[u8]] = &[b"new\nline", b"latin1-\xe9", b"tab\tname"];

/// The tree.
pub struct Tree(TempDir);

impl Tree {
    pub fn new() -> Self {
        let dir = harness::temp_dir("tree");
        let tree = Self(dir);
        for (path, size) in FILES {
            tree.file(OsStr::new(path), *size);
        }
        tree.file(OsStr::new(&long_name()), 24);
        for name in UNUSABLE {
            tree.file(OsStr::from_bytes(name), 1);
        }
        fs::create_dir(tree.path().join("empty dir")).expect("directory");
        for (to, link) in [
            ("README", "link"),
            ("sub dir", "dirlink"),
            ("/etc", "out"),
            ("..", "up"),
            ("nowhere", "dangling"),
        ] {
            symlink(to, tree.path().join(link)).expect("link");
        }
        tree
    }

    /// Without the links that servers of HTTP do not show as such, but with one that leads in a circle.
    pub fn web() -> Self {
        let tree = Self::new();
        for link in ["link", "dirlink", "out", "up", "dangling"] {
            fs::remove_file(tree.path().join(link)).expect("link");
        }
        symlink(".", tree.path().join("circle")).expect("link");
        tree
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Makes a file without content, which takes no room.
    pub fn file(&self, name: &OsStr, size: u64) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directory");
        let file = File::create(&path).expect("file");
        file.set_len(size).expect("size");
        let time = UNIX_EPOCH + Duration::from_secs(MTIME as u64);
        file.set_modified(time).expect("time");
        path
    }
}

/// What a listing has shown.
pub struct Listed {
    pub listing: Listing,
    pub entries: Vec<Entry>,
}

impl Listed {
    pub fn by(list: impl FnOnce(&mut dyn Sink) -> Result<Listing, Error>) -> Result<Self, Error> {
        let mut entries = Vec::new();
        let listing = list(&mut |entry| {
            entries.push(entry);
            ControlFlow::Continue(())
        })?;
        assert_eq!(listing.entries, entries.len() as u64);
        Ok(Self { listing, entries })
    }

    /// Files with size and time, by path.
    pub fn files(&self) -> BTreeMap<&str, (Size, Time)> {
        let files = self.entries.iter().filter(|entry| entry.kind == Kind::File);
        let all: Vec<_> = files.collect();
        let map: BTreeMap<_, _> = all.iter().map(|e| (&*e.path, (e.size, e.mtime))).collect();
        assert_eq!(map.len(), all.len(), "a file twice");
        map
    }

    /// Paths of a kind, sorted.
    pub fn paths(&self, kind: Kind) -> Vec<&str> {
        let entries = self.entries.iter().filter(|entry| entry.kind == kind);
        let mut paths: Vec<_> = entries.map(|entry| &*entry.path).collect();
        paths.sort_unstable();
        paths
    }

    /// Fails unless all files are there, to the byte and to the second.
    #[track_caller]
    pub fn assert_exact(&self) {
        let mut expected: BTreeMap<&str, (Size, Time)> = FILES
            .iter()
            .map(|(path, size)| (*path, (Size::Exact(*size), Time::Exact(MTIME))))
            .collect();
        let long = long_name();
        expected.insert(&long, (Size::Exact(24), Time::Exact(MTIME)));
        assert_eq!(self.files(), expected);
        assert!(self.listing.is_complete(), "{:?}", self.listing.unread);
        assert_eq!(self.listing.unusable, UNUSABLE.len() as u64);
    }
}

/// Options of tests: nothing takes long there.
pub fn options() -> Options {
    Options {
        idle: Duration::from_secs(10),
        limit: Duration::from_secs(60),
        ..Options::default()
    }
}

#[test]
fn the_local_tree_is_listed_exactly() {
    let tree = Tree::new();
    let listed =
        Listed::by(|sink| mirror_files::local::list(tree.path(), &options(), sink)).unwrap();
    listed.assert_exact();
    assert_eq!(
        listed.paths(Kind::Symlink),
        ["dangling", "dirlink", "link", "out", "up"]
    );
    assert_eq!(
        listed.paths(Kind::Directory),
        ["CVS", "big", "empty dir", "sub dir", "sub dir/ä"]
    );
}
