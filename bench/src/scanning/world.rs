//! A tree, mirrors that serve it, and a database.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use harness::postgres::{Cluster, Database, USER};
use harness::rsyncd::Rsyncd;
use harness::temp_dir;
use tempfile::TempDir;

use crate::dataset;

/// What is scanned, and where that is written.
pub struct World<'c> {
    tree: TempDir,
    server: Rsyncd,
    database: Database<'c>,
    directory: TempDir,
    files: u32,
}

impl<'c> World<'c> {
    /// Makes files, and mirrors that have all of them.
    pub fn new(cluster: &'c Cluster, name: &str, files: u32, mirrors: u32) -> Self {
        let tree = temp_dir("scanned");
        for number in 0..dataset::directories(files) {
            fs::create_dir_all(tree.path().join(dataset::directory(number))).expect("directory");
        }
        for number in 0..files {
            File::create(tree.path().join(dataset::path(number))).expect("file");
        }
        let server = Rsyncd::start(tree.path());
        let database = cluster.database(name, &[]);
        let directory = temp_dir("scanning");
        let configuration = format!(
            "[general]\ninstances = main\n[main]\ndbuser = {USER}\ndbpass = none\ndbhost = 127.0.0.1\n\
             dbport = {}\ndbname = {name}\n",
            cluster.port()
        );
        fs::write(directory.path().join("mirrorbrain.conf"), configuration).expect("configuration");
        let world = Self {
            tree,
            server,
            database,
            directory,
            files,
        };
        harness::command::run(&mut world.mb(&["db", "migrate"]));
        for number in 0..mirrors {
            // Names of one machine, which is scanned for one mirror after the other.
            world.database.sql(&format!(
                "INSERT INTO server (identifier, baseurl, baseurl_ftp, baseurl_rsync, enabled, status_baseurl,
                        region, country, asn, prefix, score, scan_fpm, comment, operator_name, operator_url,
                        public_notes, admin, admin_email, country_only, region_only, as_only, prefix_only,
                        other_countries)
                 VALUES ('m{number}', '', '', '{}', true, true, 'eu', 'de', 0, '', 100, 0, '', '', '', '',
                         '', '', false, false, false, false, '')",
                world.server.url()
            ));
        }
        world
    }

    fn mb(&self, arguments: &[&str]) -> Command {
        let this = std::env::current_exe().expect("path of this program");
        let mut command = Command::new(this.with_file_name("mb"));
        let configuration = self.directory.path().join("mirrorbrain.conf");
        command.arg("--config").arg(configuration).args(arguments);
        command
    }

    /// A scan of all mirrors.
    pub fn scan(&self) -> Command {
        self.mb(&["scan", "-qq", "-a"])
    }

    /// The listing alone, by rsync.
    pub fn listing(&self) -> Command {
        let mut command = Command::new("rsync");
        command.args(["--list-only", "-r", "--no-h", "-8", "--no-motd"]);
        command.arg(self.server.url());
        command
    }

    /// Where all is written.
    pub fn database(&self) -> &Database<'c> {
        &self.database
    }

    /// The paths of all files.
    pub fn paths(&self) -> Vec<String> {
        (0..self.files).map(dataset::path).collect()
    }

    /// Has nobody have anything.
    pub fn forget(&self) {
        self.database
            .sql("TRUNCATE filearr, hash, scan_snapshot; UPDATE server SET last_scan = NULL");
    }

    /// Renames so many files, others in each round.
    pub fn change(&self, round: usize, count: u32) {
        let step = self.files / count.max(1);
        for number in (0..count).map(|n| n * step) {
            let path: PathBuf = self.tree.path().join(dataset::path(number));
            let to = path.with_extension(format!("round{round}"));
            let from = match round.checked_sub(1) {
                None => path,
                Some(last) => path.with_extension(format!("round{last}")),
            };
            fs::rename(from, to).expect("rename");
        }
    }

    /// How many rows of `filearr` were ever written.
    pub fn rows_written(&self) -> u64 {
        // What sessions have done shows when they have ended.
        std::thread::sleep(std::time::Duration::from_millis(1200));
        let sql = "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables
                    WHERE relname = 'filearr'";
        self.database.sql(sql).parse().expect("a number")
    }
}
