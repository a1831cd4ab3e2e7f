//! dnf and zypper, on a repository that changed a moment ago.

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::command::run;
use harness::site::noise;

use super::world::{COMBINATIONS, Dead, Good, Kind, Versions, World, as_root, the_file};

const REPOSITORY: &str = "el/9";
const RULE: &str = "MirrorBrainYumDir release=([0-9]+) el/$1 repodata/repomd.xml";
/// Packages of noise, which no compression makes small.
const SIZE: usize = 20_000;

/// The first version has `orange-1.rpm`, the second `orange-2.rpm`.
fn versions() -> Versions {
    let versions = Versions::new();
    for (number, dir) in [(1, versions.old()), (2, versions.new_one())] {
        let repository = dir.join(REPOSITORY);
        fs::create_dir_all(&repository).unwrap();
        build(versions.dir.path(), number, &repository);
        run(Command::new("createrepo_c").arg("--quiet").arg(&repository));
    }
    versions
}

/// Builds a package with one file.
fn build(work: &Path, version: u64, repository: &Path) {
    let content = work.join("content");
    fs::write(&content, noise(version, SIZE)).unwrap();
    let spec = format!(
        "Name: orange\nVersion: {version}\nRelease: 1\nSummary: A fruit\nLicense: Apache-2.0\n\
         BuildArch: noarch\nAutoReqProv: no\n%description\nA fruit.\n%install\n\
         mkdir -p %{{buildroot}}/usr/share\ncp {} %{{buildroot}}/usr/share/orange\n\
         %files\n/usr/share/orange\n",
        content.display()
    );
    fs::write(work.join("orange.spec"), spec).unwrap();
    let mut rpmbuild = Command::new("rpmbuild");
    rpmbuild.args(["-bb", "--quiet"]);
    for (name, value) in [
        ("_topdir", work.join("build").display().to_string()),
        ("_dbpath", work.join("rpmdb").display().to_string()),
        ("_rpmdir", repository.display().to_string()),
        ("_rpmfilename", "%%{NAME}-%%{VERSION}.rpm".to_owned()),
    ] {
        rpmbuild.arg("--define").arg(format!("{name} {value}"));
    }
    run(rpmbuild.arg(work.join("orange.spec")));
}

/// Where a client is told to find the repository.
fn source(world: &World, kind: &str) -> String {
    let path = match kind {
        "baseurl" => format!("/{REPOSITORY}"),
        "metalink" => format!("/{REPOSITORY}/repodata/repomd.xml.metalink"),
        _ => "/mirrorlist?release=9".to_owned(),
    };
    format!(
        "[orange]\nname=orange\n{kind}={}\ngpgcheck=0\n",
        world.httpd.url(&path)
    )
}

fn world(name: &str, kinds: &[Kind], versions: &Versions) -> World {
    versions.site(name, kinds, |site| site.config(RULE))
}

/// Has dnf fetch the package, in a root of its own.
#[track_caller]
fn dnf(world: &World, kind: &str) -> Option<Vec<u8>> {
    let mut dnf = as_root("dnf")?;
    let home = world.dir(&format!("dnf-{kind}"));
    let dir = |name: &str| {
        fs::create_dir_all(home.join(name)).unwrap();
        home.join(name)
    };
    fs::write(dir("repos").join("orange.repo"), source(world, kind)).unwrap();
    fs::write(home.join("dnf.conf"), "").unwrap();
    dnf.arg("--config").arg(home.join("dnf.conf"));
    dnf.arg("--installroot").arg(dir("root"));
    dnf.arg("--downloaddir").arg(dir("got"));
    for (option, name) in [
        ("reposdir", "repos"),
        ("cachedir", "cache"),
        ("persistdir", "persist"),
        ("logdir", "log"),
    ] {
        dnf.arg(format!("--setopt={option}={}", dir(name).display()));
    }
    dnf.args([
        "--noplugins",
        "--releasever=9",
        "-y",
        "install",
        "--downloadonly",
        "orange",
    ]);
    run(dnf.env_remove("http_proxy"));
    Some(the_file(&dir("got"), ".rpm"))
}

/// Has zypper fetch the package, in a root of its own.
#[track_caller]
fn zypper(world: &World, kind: &str) -> Option<Vec<u8>> {
    let home = world.dir(&format!("zypper-{kind}"));
    let repos = home.join("etc/zypp/repos.d");
    fs::create_dir_all(&repos).unwrap();
    fs::write(
        repos.join("orange.repo"),
        source(world, kind) + "enabled=1\n",
    )
    .unwrap();
    let mut zypper = as_root("zypper")?;
    zypper.arg("--root").arg(&home);
    zypper.args(["--non-interactive", "--no-gpg-checks", "--releasever", "9"]);
    zypper.args(["install", "--download-only", "orange"]);
    run(zypper.env_remove("http_proxy"));
    Some(the_file(&home, ".rpm"))
}

type Client = fn(&World, &str) -> Option<Vec<u8>>;

#[track_caller]
fn gets_the_new_package(client: Client, world: &World, kind: &str, kinds: &[Kind]) {
    if let Some(package) = client(world, kind) {
        let new = world.httpd.tree().join(REPOSITORY).join("orange-2.rpm");
        let same = package == fs::read(new).unwrap();
        assert!(same, "{kind} with {kinds:?}\n{}", world.asked());
    }
}

/// With `baseurl` it was sent to the same dead mirror again and again, or to an old repomd.xml; through
/// the metalink it took the old one, for want of a hash.
#[test]
fn dnf_gets_the_new_package_whatever_the_mirrors_are() {
    let versions = versions();
    for (kinds, n) in COMBINATIONS.iter().zip(0..) {
        let world = world(&format!("clients_dnf_{n}"), kinds, &versions);
        for kind in ["baseurl", "metalink"] {
            gets_the_new_package(dnf, &world, kind, kinds);
        }
    }
}

#[test]
fn zypper_gets_the_new_package_whatever_the_mirrors_are() {
    let versions = versions();
    for (kinds, n) in COMBINATIONS.iter().zip(0..) {
        let world = world(&format!("clients_zypper_{n}"), kinds, &versions);
        gets_the_new_package(zypper, &world, "baseurl", kinds);
    }
}

/// A list has no hashes, but an end that works.
#[test]
fn dnf_and_zypper_get_through_a_list_with_a_dead_mirror() {
    let versions = versions();
    for (kinds, n) in [&[Dead, Good][..], &[Dead]].iter().zip(0..) {
        let world = world(&format!("clients_lists_{n}"), kinds, &versions);
        gets_the_new_package(dnf, &world, "mirrorlist", kinds);
        gets_the_new_package(zypper, &world, "mirrorlist", kinds);
    }
}
