//! apt, on a repository that changed a moment ago.

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::command::{run, succeeds};
use harness::site::noise;

use super::world::{COMBINATIONS, Dead, Versions, World, the_file};

const RULE: &str = "MirrorBrainAptDir dist=([a-z]+) debian dists/$1/Release";
const INDEXES: &str = "dists/stable/main/binary-all";

/// The first version has `orange_1_all.deb`, the second `orange_2_all.deb`.
fn versions() -> Versions {
    let versions = Versions::new();
    for (number, dir) in [(1, versions.old()), (2, versions.new_one())] {
        let archive = dir.join("debian");
        fs::create_dir_all(archive.join("pool")).unwrap();
        fs::create_dir_all(archive.join(INDEXES)).unwrap();
        build(
            &versions.dir.path().join(format!("package-{number}")),
            number,
            &archive,
        );
        index(&archive);
    }
    versions
}

/// Builds a package with one file.
fn build(work: &Path, version: u64, archive: &Path) {
    fs::create_dir_all(work.join("DEBIAN")).unwrap();
    fs::create_dir_all(work.join("usr/share")).unwrap();
    fs::write(work.join("usr/share/orange"), noise(version, 20_000)).unwrap();
    let control = format!(
        "Package: orange\nVersion: {version}\nArchitecture: all\n\
         Maintainer: Orange <orange@example.org>\nDescription: a fruit\n"
    );
    fs::write(work.join("DEBIAN/control"), control).unwrap();
    let package = archive.join(format!("pool/orange_{version}_all.deb"));
    run(Command::new("dpkg-deb")
        .args(["--build", "--root-owner-group"])
        .arg(work)
        .arg(package));
}

/// Writes the indexes, the inner one first: the other has its hash.
fn index(archive: &Path) {
    let ftparchive = |verb: &str, of: &str| {
        let mut command = Command::new("apt-ftparchive");
        run(command.current_dir(archive).args([verb, of]))
    };
    let packages = ftparchive("packages", "pool");
    fs::write(archive.join(INDEXES).join("Packages"), packages).unwrap();
    let release = "Suite: stable\nCodename: stable\nArchitectures: all amd64\nComponents: main\n";
    let release = release.to_owned() + &ftparchive("release", "dists/stable");
    fs::write(archive.join("dists/stable/Release"), release).unwrap();
}

/// Has apt fetch the package, with directories of its own for all that it knows; and how often it was
/// run for that.
#[track_caller]
fn apt(world: &World, name: &str, source: &str) -> (Vec<u8>, usize) {
    let home = world.dir(name);
    let dir = |name: &str| world.dir(&home.join(name).to_string_lossy());
    let (state, cache, got) = (dir("state"), dir("cache"), dir("got"));
    fs::create_dir_all(state.join("lists/partial")).unwrap();
    fs::create_dir_all(cache.join("archives/partial")).unwrap();
    fs::write(home.join("status"), "").unwrap();
    let list = home.join("sources.list");
    fs::write(&list, format!("deb [trusted=yes] {source} stable main\n")).unwrap();
    let settings = format!(
        "Dir::Etc::parts \"/dev/null\";\nDir::Etc::sourceparts \"/dev/null\";\n\
         Dir::Etc::preferencesparts \"/dev/null\";\nDir::Etc::sourcelist \"{}\";\n\
         Dir::State \"{}\";\nDir::State::status \"{}\";\nDir::Cache \"{}\";\n\
         APT::Architecture \"amd64\";\nAPT::Sandbox::User \"\";\nAcquire::Languages \"none\";\n\
         Acquire::http::Proxy \"false\";\n",
        list.display(),
        state.display(),
        home.join("status").display(),
        cache.display()
    );
    fs::write(home.join("apt.conf"), settings).unwrap();
    let get = |words: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .env("APT_CONFIG", home.join("apt.conf"))
            .current_dir(&got)
            .args(words);
        command
    };
    run(&mut get(&["update", "--error-on=any"]));
    // apt stays with the target of a redirect, so that it must be asked again to ask again.
    let mut attempts = (0..4).map(|_| succeeds(&mut get(&["download", "orange"])));
    let count = 1 + attempts.position(|done| done).expect("no package");
    (the_file(&got, ".deb"), count)
}

/// Sent to an old Release by a redirect, apt found no package of that name.
#[test]
fn apt_gets_the_new_package_whatever_the_mirrors_are() {
    let versions = versions();
    for (kinds, n) in COMBINATIONS.iter().zip(0..) {
        let name = format!("clients_apt_{n}");
        let world = versions.site(&name, kinds, |site| site.config(RULE));
        let new = world.httpd.tree().join("debian/pool/orange_2_all.deb");
        let new = fs::read(new).unwrap();
        let list = world.httpd.url("/mirrorlist?dist=stable");
        for (name, source) in [
            ("redirect", world.httpd.url("/debian")),
            ("list", format!("mirror+{list}")),
        ] {
            let (package, runs) = apt(&world, name, &source);
            let same = package == new;
            assert!(same, "{name} with {kinds:?}\n{}", world.asked());
            let expected = if name == "redirect" && kinds[0] == Dead {
                2
            } else {
                1
            };
            assert_eq!(runs, expected, "{name} with {kinds:?}");
        }
    }
}
