//! Servers of files, as mirrors have them: each started on loopback with a configuration of its own.

mod ftp;
mod web;

use std::fs;
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::command::find;
use crate::guardian::Guardian;
use crate::{free_port, temp_dir, workspace};

/// A running server on 127.0.0.1, ended on drop and when the process ends.
#[derive(Debug)]
pub struct Daemon {
    server: Child,
    port: u16,
    dir: TempDir,
    _guardian: Guardian,
}

impl Daemon {
    /// Starts a program in the foreground. Each `{here}` of the configuration becomes a directory of its own, where the
    /// configuration is the file `conf`, and each `{port}` the port; so do those of the arguments.
    ///
    /// # Panics
    /// If it is not installed, or does not listen.
    pub fn start(program: &str, arguments: &[&str], configuration: &str) -> Self {
        let dir = temp_dir("daemon");
        let port = free_port();
        let fill = |text: &str| {
            let here = dir.path().display().to_string();
            text.replace("{here}", &here)
                .replace("{port}", &port.to_string())
        };
        fs::write(dir.path().join("conf"), fill(configuration)).expect("configuration");
        let path = locate(program).unwrap_or_else(|| panic!("{program} is installed"));
        let log = fs::File::create(dir.path().join("output")).expect("output");
        let server = Command::new(path)
            .args(arguments.iter().map(|argument| fill(argument)))
            .current_dir(dir.path())
            .env("HOME", dir.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("output"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        let guardian = Guardian::new("kill -KILL -\"$1\"", &[server.id().to_string()]);
        let daemon = Self {
            server,
            port,
            dir,
            _guardian: guardian,
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let output = daemon.output();
            assert!(
                Instant::now() < deadline,
                "{program} does not listen: {output}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        daemon
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it has written so far.
    pub fn output(&self) -> String {
        let text = fs::read(self.dir.path().join("output")).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Its own directory.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let group = format!("-{}", self.server.id());
        crate::command::succeeds(Command::new("kill").args(["-KILL", "--", &group]));
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A program of the system, or one that `tools/setup.sh` has unpacked because it cannot be installed beside
/// another.
fn locate(program: &str) -> Option<PathBuf> {
    let unpacked = workspace().join("tests/servers/usr/sbin").join(program);
    find(program).or_else(|| unpacked.is_file().then_some(unpacked))
}
