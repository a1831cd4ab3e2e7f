//! A site to administer: the recorded fixture's database, a configuration file and a geo database.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use geo_db::writer::{Value, Writer};
use harness::postgres::{Cluster, Database, USER};
use harness::{temp_dir, workspace};
use serde_json::Value as Json;
use tempfile::TempDir;

/// A site of a test's own.
pub struct Site {
    pub dir: TempDir,
    pub db: Database<'static>,
}

/// What a run of `mb` gave.
#[derive(Debug)]
pub struct Answer {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    /// Standard output of a run that must have worked.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!((self.status, &*self.stderr), (Some(0), ""), "{self:?}");
        self.stdout
    }

    /// Standard error of a run that must have failed, and the status.
    #[track_caller]
    pub fn complaint(self) -> String {
        assert_eq!(self.status, Some(1), "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        self.stderr
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(self) -> Json {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
    }
}

impl Site {
    /// Makes one; the name is the database's.
    pub fn new(name: &str) -> Self {
        let db = Cluster::shared().database(name, &[]);
        db.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
        for file in ["schema.sql", "cases/fixture.sql"] {
            db.load(&workspace().join("tests/compat/mb").join(file));
        }
        let site = Self::around(db);
        fs::write(site.path("geo.mmdb"), geo_db()).expect("geo.mmdb");
        site
    }

    /// One whose database is empty.
    pub fn without_tables(name: &str) -> Self {
        let cluster = Cluster::shared();
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        cluster.attach("postgres").sql(&create);
        Self::around(cluster.attach(name))
    }

    /// One with the tables that the modules came with before there was `mb`, and no rows.
    pub fn with_first_tables(name: &str) -> Self {
        Self::around(Cluster::shared().database(name, &[]))
    }

    fn around(db: Database<'static>) -> Self {
        let dir = temp_dir("mb");
        let site = Self { dir, db };
        site.write("mirrorbrain.conf", &site.config(""));
        site
    }

    /// The configuration file, with lines for its only instance.
    pub fn config(&self, lines: &str) -> String {
        let dir = self.dir.path().display();
        format!(
            "[general]\ninstances = main\nmaxmind_city_db = {dir}/geo.mmdb\n\
             [main]\ndbuser = {USER}\ndbpass = secret\ndbhost = 127.0.0.1\ndbport = {}\n\
             dbname = {}\n{lines}",
            Cluster::shared().port(),
            self.db.name()
        )
    }

    /// A path in the site's directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file into the site's directory.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect(name);
    }

    /// `mb` with its configuration, to be given arguments.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mb"));
        command
            .current_dir(self.dir.path())
            .arg("--config")
            .arg(self.path("mirrorbrain.conf"))
            .env_remove("MB")
            .env("TMPDIR", self.dir.path())
            .envs([("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("TERM", "xterm")]);
        command
    }

    /// Runs `mb`.
    pub fn mb(&self, arguments: &[&str]) -> Answer {
        answer(self.command().args(arguments), "")
    }

    /// Runs `mb` with an editor that is a script of sed, and an answer to its question.
    pub fn edit(&self, arguments: &[&str], script: &str, reply: &str) -> Answer {
        let editor = format!("sed -i -e '{script}'");
        answer(self.command().args(arguments).env("EDITOR", editor), reply)
    }

    /// All that `mb` could change.
    pub fn state(&self) -> String {
        ["server", "filearr", "hash", "marker", "version"]
            .map(|table| {
                self.db
                    .sql(&format!("SELECT t FROM {table} t ORDER BY t::text"))
            })
            .join("\n")
    }
}

/// Runs a command with something to read.
pub fn answer(command: &mut Command, stdin: &str) -> Answer {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mb");
    let mut pipe = child.stdin.take().expect("pipe");
    // A command that does not read it may end before.
    let _ = pipe.write_all(stdin.as_bytes());
    drop(pipe);
    let output = child.wait_with_output().expect("mb");
    Answer {
        status: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Where the fixture's addresses are.
fn geo_db() -> Vec<u8> {
    let text = fs::read_to_string(workspace().join("tests/compat/mb/cases/geo.json"));
    let rows: Vec<Json> = serde_json::from_str(&text.expect("geo.json")).expect("JSON");
    let text = |value: &Json| value.as_str().expect("text").to_owned();
    let number = |value: &Json| value.as_f64().expect("number");
    let mut writer = Writer::new("GeoLite2-City");
    for row in &rows {
        let code = |name: &str, value: &Json| Value::map([(name, text(value))]);
        let place = [
            ("latitude", number(&row[3])),
            ("longitude", number(&row[4])),
        ];
        let record = Value::map([
            ("continent", code("code", &row[1])),
            ("country", code("iso_code", &row[2])),
            ("location", Value::map(place)),
        ]);
        writer = writer.insert(&text(&row[0]), record);
    }
    writer.to_bytes().expect("mmdb")
}
