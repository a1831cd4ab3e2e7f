//! A private rsync daemon.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::command::{find, signal};
use crate::guardian::Guardian;
use crate::{free_port, temp_dir};

/// A running `rsync --daemon` on 127.0.0.1 with the module `tree`, ended on drop and when the process
/// ends.
#[derive(Debug)]
pub struct Rsyncd {
    server: Child,
    port: u16,
    dir: TempDir,
    _guardian: Guardian,
}

impl Rsyncd {
    /// Serves a directory. Files are read as `nobody` if we are root, so that modes matter.
    pub fn start(tree: &Path) -> Self {
        Self::with(tree, "")
    }

    /// The same with more lines for the module.
    pub fn with(tree: &Path, lines: &str) -> Self {
        let dir = temp_dir("rsyncd");
        let port = free_port();
        let here = dir.path().display();
        let tree = tree.display();
        let text = format!(
            "use chroot = no\nreverse lookup = no\nlog file = {here}/log\n\
             [tree]\npath = {tree}\nread only = yes\n{lines}\n"
        );
        let conf = dir.path().join("rsyncd.conf");
        fs::write(&conf, text).expect("rsyncd.conf");
        let server = Command::new(find("rsync").expect("rsync is installed"))
            .args(["--daemon", "--no-detach", "--address=127.0.0.1"])
            .arg(format!("--port={port}"))
            .arg(format!("--config={}", conf.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("rsync --daemon");
        let guardian = Guardian::new("kill -CONT \"$1\"; kill \"$1\"", &[server.id().to_string()]);
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "rsync does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self {
            server,
            port,
            dir,
            _guardian: guardian,
        }
    }

    /// Where the module is, with a slash at its end.
    pub fn url(&self) -> String {
        format!("rsync://127.0.0.1:{}/tree/", self.port)
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Stops it with SIGSTOP: connections are taken by the kernel and then hang.
    pub fn pause(&self) {
        signal("STOP", &[self.server.id()]);
    }

    /// Lets it run on.
    pub fn unpause(&self) {
        signal("CONT", &[self.server.id()]);
    }
}

impl Drop for Rsyncd {
    fn drop(&mut self) {
        signal("CONT", &[self.server.id()]);
        signal("TERM", &[self.server.id()]);
        let _ = self.server.wait();
    }
}
