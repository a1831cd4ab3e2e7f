//! A migrated site with mirrors that are real servers.

use crate::site::{Answer, Site};
use harness::rsyncd::Rsyncd;
use harness::temp_dir;
use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// A site without files, whose mirrors are added one by one.
pub struct World {
    pub site: Site,
}

impl World {
    /// Makes one; the name is the database's.
    pub fn new(name: &str) -> Self {
        let site = Site::new(name);
        site.mb(&["db", "migrate"]).ok();
        let tables = "hash, filearr, server";
        site.db.sql(&format!("TRUNCATE {tables} RESTART IDENTITY"));
        Self { site }
    }

    /// Adds a mirror with URLs of HTTP, FTP and rsync.
    pub fn mirror(&self, name: &str, urls: [&str; 3]) {
        let [http, ftp, rsync] = urls;
        self.site.db.sql(&format!(
            "INSERT INTO server (identifier, baseurl, baseurl_ftp, baseurl_rsync, enabled, status_baseurl,
                    region, country, asn, prefix, score, scan_fpm, comment, operator_name, operator_url,
                    public_notes, admin, admin_email, country_only, region_only, as_only, prefix_only,
                    other_countries)
             VALUES ('{name}', '{http}', '{ftp}', '{rsync}', true, true, 'eu', 'de', 0, '', 100, 0, '', '',
                     '', '', '', '', false, false, false, false, '')"
        ));
    }

    /// Adds a mirror that is listed over rsync.
    pub fn rsync_mirror(&self, name: &str, server: &Rsyncd) {
        self.mirror(name, ["", "", &server.url()]);
    }

    /// Runs `mb scan`.
    pub fn scan(&self, arguments: &[&str]) -> Answer {
        self.site.mb(&[&["scan"], arguments].concat())
    }

    /// The paths that a mirror has, by the table.
    pub fn files(&self, mirror: &str) -> Vec<String> {
        let sql = format!(
            "SELECT path FROM filearr JOIN server ON server.id = ANY (mirrors)
              WHERE identifier = '{mirror}' ORDER BY path COLLATE \"C\""
        );
        let rows = self.site.db.sql(&sql);
        rows.lines().map(str::to_owned).collect()
    }

    /// The row of the last scan.
    pub fn last_scan(&self) -> String {
        self.site.db.sql(
            "SELECT outcome, protocol, entries, files, added, removed, deviating, surplus
               FROM scan ORDER BY id DESC LIMIT 1",
        )
    }

    /// Which transactions wrote the rows of `filearr`, and where they are.
    pub fn row_versions(&self) -> String {
        self.site
            .db
            .sql("SELECT id, xmin, ctid FROM filearr ORDER BY id")
    }
}

/// A tree of files.
pub struct Tree(TempDir);

impl Tree {
    /// One with these files, each of as many bytes as its name has.
    pub fn new<'a>(files: impl IntoIterator<Item = &'a str>) -> Self {
        let tree = Self(temp_dir("tree"));
        files
            .into_iter()
            .for_each(|path| tree.write(path, path.len()));
        tree
    }

    /// One with numbered files below a directory.
    pub fn numbered(directory: &str, count: usize) -> Self {
        let names: Vec<String> = (0..count).map(|n| format!("{directory}/{n:04}")).collect();
        Self::new(names.iter().map(String::as_str))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Writes a file of so many bytes, last changed at second 1700000000.
    pub fn write(&self, path: &str, size: usize) {
        let file = self.at(path);
        let parent = file.parent().expect("parent");
        fs::create_dir_all(parent).expect("directory");
        fs::write(&file, vec![b'x'; size]).expect("file");
        self.touch(path, 1_700_000_000);
    }

    /// Sets when a file was last changed.
    pub fn touch(&self, path: &str, second: u64) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let file = File::options()
            .write(true)
            .open(self.at(path))
            .expect("file");
        file.set_times(FileTimes::new().set_modified(time))
            .expect("time");
    }

    /// Sets the mode of a file or directory.
    pub fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.at(path), Permissions::from_mode(mode)).expect("mode");
    }

    /// Removes a file or directory.
    pub fn remove(&self, path: &str) {
        let path = self.at(path);
        if path.is_dir() {
            fs::remove_dir_all(path).expect("directory");
        } else {
            fs::remove_file(path).expect("file");
        }
    }
}
