//! `mb makehashes` on real files, its rows against those of independent programs.

mod faults;

use crate::site::{Answer, Site};
use std::fs::{self, File, FileTimes};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// Seconds since the epoch.
const LONG_AGO: u64 = 1_500_000_000;

/// Around blocks of zsync, pieces and what is read at once.
const SIZES: [usize; 11] = [
    0, 1, 2047, 2048, 2049, 262_143, 262_144, 262_145, 1_048_576, 1_048_577, 3_000_000,
];

/// A site with a tree to hash.
struct Tree {
    site: Site,
}

impl Tree {
    fn new(name: &str) -> Self {
        let site = Site::new(name);
        site.db.sql("DELETE FROM hash; DELETE FROM filearr");
        fs::create_dir(site.path("tree")).expect("tree");
        Self { site }
    }

    /// Writes a file that nobody has touched for long.
    fn write(&self, name: &str, bytes: &[u8]) {
        self.write_at(name, bytes, LONG_AGO);
    }

    /// The same with a time in seconds since the epoch.
    fn write_at(&self, name: &str, bytes: &[u8], mtime: u64) {
        let path = self.site.path("tree").join(name);
        fs::create_dir_all(path.parent().expect("parent")).expect("directory");
        fs::write(&path, bytes).expect("file");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(mtime);
        let times = FileTimes::new().set_modified(time);
        let file = File::options().write(true).open(&path).expect("file");
        file.set_times(times).expect("time");
    }

    fn path(&self, name: &str) -> String {
        self.site.path(name).to_str().expect("path").to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.site.command();
        command
            .args(["makehashes", "-t", &self.path("stamps"), &self.path("tree")])
            .args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        crate::site::answer(&mut self.command(arguments), "")
    }

    /// A column of the row of each file, with its path.
    fn column(&self, column: &str) -> Vec<(String, String)> {
        let sql = format!(
            "SELECT path || E'\\t' || {column} FROM hash JOIN filearr ON id = file_id ORDER BY path COLLATE \"C\""
        );
        let text = self.site.db.sql(&sql);
        let rows = text.lines().map(|line| line.split_once('\t').expect("row"));
        rows.map(|(path, value)| (path.to_owned(), value.to_owned()))
            .collect()
    }
}

/// Bytes that look like chance.
fn bytes(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32 ^ size as u32;
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        })
        .collect()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

fn tree_of_all_sizes(name: &str) -> Tree {
    let tree = Tree::new(name);
    for size in SIZES {
        tree.write(&format!("{size}"), &bytes(size));
    }
    tree
}

#[test]
fn digests_are_those_of_coreutils() {
    let tree = tree_of_all_sizes("makehashes_digests");
    tree.run(&[]).ok();
    for (column, program) in [
        ("md5", "md5sum"),
        ("sha1", "sha1sum"),
        ("sha256", "sha256sum"),
    ] {
        let rows = tree.column(&format!("encode({column}, 'hex')"));
        assert_eq!(rows.len(), SIZES.len());
        for (path, digest) in rows {
            let said = output(program, &[&tree.path(&format!("tree/{path}"))]);
            assert_eq!(said.split(' ').next(), Some(&*digest), "{program} {path}");
        }
    }
}

/// The info hash is that of libtorrent's dictionary with the digests that the original adds.
#[test]
fn pieces_and_info_hashes_are_those_of_libtorrent() {
    let tree = tree_of_all_sizes("makehashes_torrents");
    tree.run(&[]).ok();
    let script = "\
import libtorrent as lt, sys, hashlib
path = sys.argv[1]
storage = lt.file_storage()
lt.add_files(storage, path)
made = lt.create_torrent(storage, 262144, flags=lt.create_torrent.v1_only)
lt.set_piece_hashes(made, path.rsplit('/', 1)[0])
info = made.generate()[b'info']
content = open(path, 'rb').read()
info[b'md5sum'] = hashlib.md5(content).hexdigest().encode()
info[b'sha1'] = hashlib.sha1(content).digest()
info[b'sha256'] = hashlib.sha256(content).digest()
print(info[b'pieces'].hex(), hashlib.sha1(lt.bencode(info)).hexdigest())";
    let rows = tree.column("encode(sha1pieces, 'hex') || ' ' || encode(btih, 'hex')");
    // libtorrent makes no torrent of an empty file.
    for (path, ours) in rows.iter().filter(|(path, _)| path != "0") {
        let path = tree.path(&format!("tree/{path}"));
        let theirs = output("/usr/bin/python3", &["-c", script, &path]);
        assert_eq!(theirs.trim_end(), ours, "{path}");
    }
}

#[test]
fn zsync_sums_are_those_of_zsyncmake() {
    let tree = tree_of_all_sizes("makehashes_zsync");
    tree.run(&["--zsync-mask", ".*/tree/[0-9]+$"]).ok();
    let mut compared = 0;
    for (path, ours) in tree.column("zhashlens || ' ' || encode(zsums, 'hex')") {
        let (file, made) = (tree.path(&format!("tree/{path}")), tree.path("made"));
        let arguments = ["-e", "-b", "2048", "-u", "http://x.example/", "-o"];
        output("zsyncmake", &[&arguments[..], &[&made, &file]].concat());
        let control = fs::read(&made).expect("control file");
        let end = control.windows(2).position(|pair| pair == b"\n\n");
        let (header, sums) = control.split_at(end.expect("header") + 2);
        let header = String::from_utf8_lossy(header);
        let (lengths, ours) = ours.split_once(' ').expect("lengths");
        // Newer versions of it choose other lengths for some sizes.
        if header.contains(&format!("Hash-Lengths: {lengths}\n")) {
            let sums: String = sums.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(sums, ours, "{path}");
            compared += 1;
        }
    }
    assert!(compared > 3, "{compared}");
}

#[test]
fn a_second_run_reads_nothing_and_writes_no_row() {
    let tree = tree_of_all_sizes("makehashes_again");
    tree.run(&[]).ok();
    let versions = || tree.column("hash.xmin::text");
    let before = versions();
    let said = tree.run(&["--json"]).json();
    assert_eq!(
        (&said["hashed"], &said["unchanged"], &said["hashed_bytes"]),
        (&0.into(), &SIZES.len().into(), &0.into())
    );
    assert_eq!(versions(), before);
    // Stamps decide nothing, and are made anew.
    fs::remove_dir_all(tree.path("stamps")).expect("stamps");
    assert_eq!(tree.run(&[]).ok(), "");
    assert!(fs::exists(tree.path("stamps/2048.size_2048")).expect("stamp"));
}

#[test]
fn rows_of_other_trees_stay_unless_forced() {
    let tree = Tree::new("makehashes_others");
    tree.write("a", b"a");
    tree.write("b", b"b");
    tree.run(&[]).ok();
    fs::remove_file(tree.path("tree/a")).expect("file");
    fs::remove_dir_all(tree.path("stamps")).expect("stamps");
    tree.run(&[]).ok();
    assert_eq!(tree.column("size").len(), 2);
    let said = tree.run(&["--force"]).ok();
    assert!(said.contains("Obsolete hash in db: 'a' (id "), "{said}");
    assert!(said.contains("\nDeleting 1 obsolete hashes from hash table\n"));
    assert_eq!(tree.column("size"), [("b".to_owned(), "1".to_owned())]);
}

#[test]
fn a_signature_that_changes_alone_is_seen() {
    let tree = Tree::new("makehashes_signature");
    tree.write("f", &bytes(1000));
    tree.run(&[]).ok();
    let signature = || tree.column("pgp").swap_remove(0).1;
    assert_eq!(signature(), "");
    tree.write("f.asc", b"one");
    let said = tree.run(&[]).ok();
    assert!(
        said.contains("Updating signature of 'f'... done.\n"),
        "{said}"
    );
    assert!(!said.contains("Hashing '/tree/f'"), "{said}");
    assert_eq!(signature(), "one");
    tree.write_at("f.asc", b"two", LONG_AGO + 1);
    tree.run(&[]).ok();
    assert_eq!(signature(), "two");
    // Nobody can tell what such bytes would be.
    tree.write_at("f.asc", b"\xff\xfe!", LONG_AGO + 2);
    let answer = tree.run(&[]);
    assert!(
        answer.stderr.contains("taken for no signature"),
        "{answer:?}"
    );
    assert_eq!((answer.status, &*signature()), (Some(0), ""));
}

#[test]
fn verify_names_what_is_not_what_its_hashes_say() {
    let tree = Tree::new("makehashes_verify");
    for name in ["right", "rotten", "outdated"] {
        tree.write(name, &bytes(1_500_000));
    }
    tree.run(&["--zsync-mask", ""]).ok();
    let base = tree.path("tree");
    let verify = |options: &[&str]| {
        tree.site
            .mb(&[&["verify", "-b", &base, &base], options].concat())
    };
    assert_eq!(verify(&["--json"]).json()["right"], 3);
    let mut rotten = bytes(1_500_000);
    rotten[700_000] ^= 1;
    tree.write("rotten", &rotten);
    tree.write_at("outdated", b"x", LONG_AGO + 1);
    tree.write("unknown", b"x");
    let answer = verify(&[]);
    assert_eq!(
        (answer.status, &*answer.stdout),
        (
            Some(1),
            "rotten: WRONG: md5, sha1, sha256, sha1pieces, zsums\n\
             outdated: has hashes of another version\n\
             unknown: has no hashes\n\
             1 right, 1 wrong, 2 without current hashes, 0 unreadable\n"
        )
    );
}

/// `.sig` is binary as a rule.
#[test]
fn a_binary_signature_is_put_into_armour() {
    let tree = Tree::new("makehashes_sig");
    tree.write("f", &bytes(1000));
    tree.run(&[]).ok();
    let signature = [&[0x88, 0x75][..], &bytes(117)].concat();
    tree.write("f.sig", &signature);
    tree.run(&[]).ok();
    let text = || tree.site.db.sql("SELECT pgp FROM hash WHERE size = 1000");
    let script = "\
import base64, sys
lines = sys.argv[1].splitlines()
assert lines[0] == '-----BEGIN PGP SIGNATURE-----' and lines[1] == '' and lines[-1] == '-----END PGP SIGNATURE-----'
assert lines[-2][0] == '=' and max(map(len, lines[2:-2])) == 64
print(base64.b64decode(''.join(lines[2:-2])).hex())";
    let hex: String = signature.iter().map(|b| format!("{b:02x}")).collect();
    let decoded = output("python3", &["-c", script, &text()]);
    assert_eq!(decoded.trim_end(), hex);
    let said = tree.run(&["--json"]).json();
    assert_eq!(said["signatures"], 0, "{said}");
    // Text of another kind is none of OpenPGP's; one with .asc counts first.
    tree.write_at("f.sig", b"untrusted comment: x", LONG_AGO + 1);
    tree.run(&[]).ok();
    assert_eq!(text(), "");
    tree.write("f.asc", b"armoured");
    tree.run(&[]).ok();
    assert_eq!(text(), "armoured");
}

#[test]
fn names_are_what_they_are() {
    let tree = Tree::new("makehashes_names");
    let names = ["back\\slash", "it's \"%s\"", "line\nfeed", "ünï/ –"];
    for name in names {
        tree.write(name, b"x");
    }
    tree.run(&[]).ok();
    for name in names {
        let name = name.replace('\'', "''");
        let sql =
            format!("SELECT count(*) FROM filearr JOIN hash ON id = file_id WHERE path = '{name}'");
        assert_eq!(tree.site.db.sql(&sql), "1", "{name}");
    }
    use std::os::unix::ffi::OsStrExt;
    let latin = std::ffi::OsStr::from_bytes(b"latin-\xe9");
    fs::write(tree.site.path("tree").join(latin), "x").expect("file");
    let answer = tree.run(&[]);
    assert_eq!(answer.status, Some(0));
    assert!(answer.stderr.contains("not UTF-8"), "{answer:?}");
}
