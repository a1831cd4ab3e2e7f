//! A private pgbouncer.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::command::{as_user, existing_user, find, ids, is_root, signal};
use crate::guardian::Guardian;
use crate::postgres::{Database, USER};
use crate::{free_port, temp_dir};

/// A running pgbouncer on 127.0.0.1 before one database, ended on drop and when the process ends.
#[derive(Debug)]
pub struct Pgbouncer {
    server: Child,
    dir: TempDir,
    port: u16,
    /// Connection string of the database itself.
    target: String,
    name: String,
    _guardian: Guardian,
}

impl Pgbouncer {
    /// Starts it in this `pool_mode`, with two sessions of the server for as many clients as come.
    pub fn start(database: &Database<'_>, pool_mode: &str) -> Self {
        let program = find("pgbouncer").expect("pgbouncer is installed");
        let dir = temp_dir("pgbouncer");
        let port = free_port();
        let (name, target) = (database.name().to_owned(), database.params());
        let config = write(&dir, port, &name, &target, pool_mode, 2);
        // It refuses to run as root.
        let owner = is_root().then(|| {
            existing_user(&["postgres", "pgbouncer", "nobody"]).expect("a user for pgbouncer")
        });
        if let Some(owner) = owner {
            let (uid, gid) = ids(owner);
            std::os::unix::fs::chown(dir.path(), Some(uid), Some(gid)).expect("chown");
        }
        let server = as_user(owner, program)
            .arg("-q")
            .arg(config)
            .current_dir("/")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer");
        let guardian = Guardian::new(
            "kill -s TERM $(cat \"$1/pid\"); rm -rf \"$1\"",
            &[dir.path()],
        );
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "pgbouncer does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self {
            server,
            dir,
            port,
            target,
            name,
            _guardian: guardian,
        }
    }

    /// The connection string of the database behind it.
    pub fn params(&self) -> String {
        let Self { port, name, .. } = self;
        format!("host=127.0.0.1 port={port} user={USER} dbname={name}")
    }

    /// Gives it another mode and another number of sessions, while it runs.
    pub fn reload(&self, pool_mode: &str, size: u32) {
        write(
            &self.dir,
            self.port,
            &self.name,
            &self.target,
            pool_mode,
            size,
        );
        signal("HUP", &[self.pid()]);
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    fn pid(&self) -> u32 {
        let text = fs::read_to_string(self.dir.path().join("pid")).expect("pgbouncer's pid");
        text.trim().parse().expect("pgbouncer's pid")
    }
}

fn write(
    dir: &TempDir,
    port: u16,
    name: &str,
    target: &str,
    pool_mode: &str,
    size: u32,
) -> PathBuf {
    let at = dir.path().display();
    let config = format!(
        "[databases]\n{name} = {target}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\nlogfile = {at}/log\npidfile = {at}/pid\nauth_type = any\n\
         pool_mode = {pool_mode}\ndefault_pool_size = {size}\nmax_client_conn = 200\n"
    );
    let file = dir.path().join("pgbouncer.ini");
    fs::write(&file, config).expect("pgbouncer.ini");
    file
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        signal("TERM", &[self.pid()]);
        let _ = self.server.wait();
    }
}
