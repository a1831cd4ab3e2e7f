//! The site that is administered: its database, its configuration, and who asks.

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

use fastrand::Rng;
use harness::postgres::{Cluster, Database, USER};
use harness::temp_dir;
use tempfile::TempDir;

use super::statements;
use crate::dataset;

/// Rows of `server`.
pub const MIRRORS: u32 = 10_000;
/// Rows of `filearr`.
pub const FILES: u32 = 1_000_000;
/// How many mirrors have a file: few of them have everything.
pub const COPIES: RangeInclusive<u32> = 10..=90;
/// Rows of `marker`, with one file each.
pub const MARKERS: u32 = 20;

/// A database with its configuration file.
#[derive(Debug)]
pub struct Site<'c> {
    /// Where the database is.
    pub cluster: &'c Cluster,
    /// The tool, built beside this program.
    pub mb: PathBuf,
    database: Database<'c>,
    directory: TempDir,
}

impl<'c> Site<'c> {
    /// Fills a database.
    pub fn new(cluster: &'c Cluster) -> Self {
        let directory = temp_dir("administration");
        let script = directory.path().join("site.sql");
        let mut rng = Rng::with_seed(2_026);
        dataset::write_administration_sql(&script, MIRRORS, FILES, COPIES, MARKERS, &mut rng)
            .expect("rows of the site");
        let database = cluster.database("administration", &[&script]);
        fs::remove_file(&script).expect("rows are loaded");
        let configuration = format!(
            "[general]\ninstances = main\n\
             [main]\ndbuser = {USER}\ndbpass = none\ndbdriver = postgresql\ndbhost = 127.0.0.1\n\
             dbport = {}\ndbname = {}\n\
             [mirrorprobe]\n",
            cluster.port(),
            database.name()
        );
        fs::write(directory.path().join("mirrorbrain.conf"), configuration).expect("configuration");
        let this = std::env::current_exe().expect("path of this program");
        let site = Self {
            cluster,
            mb: this.with_file_name("mb"),
            database,
            directory,
        };
        harness::command::run(&mut site.command(&site.mb, &["db", "migrate"]));
        // Hint bits and statistics, as on a site that has run for a day.
        site.database.sql("VACUUM ANALYZE");
        site
    }

    /// Where scripts may be put.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A call of `mb`, or of what takes its place.
    pub fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        let configuration = self.directory.path().join("mirrorbrain.conf");
        command.arg("--config").arg(configuration).args(arguments);
        command
    }

    /// The statements of a script, answered by PostgreSQL to nobody.
    pub fn psql(&self, script: &Path) -> Command {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d"]);
        command.arg(self.database.params()).arg("-f").arg(script);
        command
    }

    /// What a program asks the database, as a script for psql.
    pub fn statements(&self, program: &Command) -> String {
        let name = self.database.name();
        let set = format!("ALTER DATABASE {name} SET log_statement = 'all'");
        let before = self.cluster.log().len();
        self.database.sql(&set);
        let mut again = Command::new(program.get_program());
        harness::command::run(again.args(program.get_args()));
        let log = self.cluster.log();
        self.database
            .sql(&format!("ALTER DATABASE {name} RESET log_statement"));
        let script = statements::script(&log[before..]);
        assert!(script.contains("SELECT"), "{}", &log[before..]);
        script
    }
}
