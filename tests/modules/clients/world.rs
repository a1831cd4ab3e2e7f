//! A repository that has just changed, and what its mirrors have of it: one is down, one still has the
//! old version, one has the new.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::command::{is_root, run};
use harness::httpd::Httpd;
use harness::namespace;
use harness::site::{Mirror, Site};
use harness::{free_port, temp_dir};
use tempfile::TempDir;

use super::BERLIN;

/// What a mirror is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nobody listens there, but the database believes that it has everything.
    Dead,
    /// It has the old version.
    Outdated,
    /// It has the new version.
    Good,
}

pub use Kind::{Dead, Good, Outdated};

/// Each of these stopped some client.
pub const COMBINATIONS: [&[Kind]; 3] = [&[Dead, Outdated, Good], &[Outdated], &[Dead]];

/// Two versions of a repository, in directories of their own.
pub struct Versions {
    pub dir: TempDir,
}

impl Versions {
    pub fn new() -> Self {
        let dir = temp_dir("versions");
        for version in ["old", "new"] {
            fs::create_dir(dir.path().join(version)).unwrap();
        }
        Self { dir }
    }

    pub fn old(&self) -> PathBuf {
        self.dir.path().join("old")
    }

    pub fn new_one(&self) -> PathBuf {
        self.dir.path().join("new")
    }

    /// A site with the new version, and its mirrors, nearest first. Configured as it is shipped, but for
    /// small files, which are redirected too.
    pub fn site(&self, name: &str, kinds: &[Kind], change: impl FnOnce(Site) -> Site) -> World {
        let mirrors = self.mirrors();
        let mut site = Site::new(name)
            .shipped()
            .config("ServerName 127.0.0.1")
            .config(BERLIN)
            .directory("MirrorBrainMinSize 0");
        let latitudes = [52.5, 48.1, 41.9];
        for (kind, latitude) in kinds.iter().zip(latitudes) {
            let url = match kind {
                Dead => format!("http://127.0.0.3:{}/pub/", free_port()),
                Outdated => mirrors.url("/old/").replace("127.0.0.1", "127.0.0.2"),
                Good => mirrors.url("/new/"),
            };
            let name = format!("{kind:?}").to_lowercase();
            site = site.mirror(&Mirror {
                place: Some((latitude, 13.4)),
                ..Mirror::new(&name, "eu", "de").at(url)
            });
        }
        let (old, new) = (files(&self.old()), files(&self.new_one()));
        for path in &new {
            site = site.local(path, &fs::read(self.new_one().join(path)).unwrap());
        }
        let mut all: Vec<&String> = old.iter().chain(&new).collect();
        all.sort();
        all.dedup();
        for path in all {
            let has = |kind: &str, files: &[String]| {
                let name = files.contains(path).then_some(kind);
                name.map(|name| format!("'{name}'"))
            };
            let names = [has("outdated", &old), has("good", &new)];
            let names: Vec<String> = names
                .into_iter()
                .flatten()
                .chain(["'dead'".into()])
                .collect();
            site = site.sql(&format!(
                "INSERT INTO filearr (path, mirrors) SELECT '{path}', array_agg(id::smallint) \
                 FROM server WHERE identifier IN ({}) HAVING count(*) > 0",
                names.join(", ")
            ));
        }
        World {
            httpd: change(site).start().0,
            mirrors,
            work: temp_dir("client"),
        }
    }

    fn mirrors(&self) -> Httpd {
        let builder = Httpd::builder().stock(&["log_config"]).config(
            "LogFormat \"%U %>s\" mirror\nCustomLog \"@WORK@/access.log\" mirror\n\
             Listen 127.0.0.2:@PORT@",
        );
        for version in ["old", "new"] {
            let (from, to) = (self.dir.path().join(version), builder.tree());
            run(Command::new("cp").arg("-R").arg(from).arg(to));
        }
        builder.start()
    }
}

/// A site with its mirrors, and a place for a client.
pub struct World {
    pub httpd: Httpd,
    pub mirrors: Httpd,
    pub work: TempDir,
}

impl World {
    /// A directory of the client's, made if it is not there.
    pub fn dir(&self, name: &str) -> PathBuf {
        let dir = self.work.path().join(name);
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    /// What a mirror was asked for and gave, as far as it is logged.
    pub fn asked(&self) -> String {
        fs::read_to_string(self.mirrors.work().join("access.log")).unwrap_or_default()
    }
}

/// The files below a directory, by their paths relative to it.
pub fn files(dir: &Path) -> Vec<String> {
    let list = run(Command::new("find")
        .arg(dir)
        .args(["-type", "f", "-printf", "%P\n"]));
    list.lines().map(str::to_owned).collect()
}

/// A command of a package manager that wants to be run by root, or what makes it believe so.
pub fn as_root(program: &str) -> Option<Command> {
    if is_root() {
        return Some(Command::new(program));
    }
    if namespace::left_out() {
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", program]);
    Some(command)
}

/// The one file below a directory whose name ends so.
#[track_caller]
pub fn the_file(dir: &Path, end: &str) -> Vec<u8> {
    let files = files(dir);
    let mut found = files.iter().filter(|name| name.ends_with(end));
    match (found.next(), found.next()) {
        (Some(name), None) => fs::read(dir.join(name)).unwrap(),
        _ => panic!("not one {end} in {files:?}"),
    }
}
