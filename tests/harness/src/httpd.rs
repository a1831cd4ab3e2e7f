//! A private httpd with a generated configuration.

mod builder;

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::command::{children, is_alive, signal};
use crate::error_log;
use crate::guardian::Guardian;
use crate::http::{self, Response};

pub use builder::{Builder, Mpm};

/// How long a start, a restart or an end may take: under valgrind on a busy machine, a minute.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running httpd. On drop it is ended, and the test fails if the error log has a line that was
/// not expected.
#[derive(Debug)]
pub struct Httpd {
    process: Child,
    guardian: Option<Guardian>,
    port: u16,
    allowed: Vec<String>,
    work: TempDir,
}

impl Httpd {
    /// Starts to describe an httpd.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address to connect to.
    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// The URL of a path, which starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The document root.
    pub fn tree(&self) -> PathBuf {
        self.work.path().join("tree")
    }

    /// The ServerRoot.
    pub fn work(&self) -> &Path {
        self.work.path()
    }

    /// Process id of the parent.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Process ids of the children.
    pub fn children(&self) -> Vec<u32> {
        children(self.pid())
    }

    /// Requests a path with GET.
    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.get_with(path, &[])
    }

    /// Requests a path with GET and headers.
    #[track_caller]
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let request = http::request("GET", path, headers);
        self.raw(&request)
            .unwrap_or_else(|e| panic!("GET {path}: {e}\n{}", self.log()))
    }

    /// Sends bytes as they are, on a connection of their own.
    ///
    /// # Errors
    /// If the server closes the connection without an answer.
    pub fn raw(&self, request: &[u8]) -> io::Result<Response> {
        http::exchange(self.address(), request)
    }

    /// The error log so far, with what httpd wrote to its standard error.
    pub fn log(&self) -> String {
        let read = |name| {
            let bytes = fs::read(self.work.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        read("stderr") + &read("error.log")
    }

    /// Expects lines in the error log that contain this text; they do not fail the test.
    pub fn allow(&mut self, text: &str) {
        self.allowed.push(text.to_owned());
    }

    /// Waits until the error log has a line that contains this text, and expects such lines.
    #[track_caller]
    pub fn expect_log(&mut self, text: &str) {
        self.wait_for(text, |log| log.contains(text));
        self.allow(text);
    }

    /// Appends lines to the configuration, which count from the next restart on.
    pub fn append_config(&self, lines: &str) {
        let mut options = fs::File::options();
        let file = options
            .append(true)
            .open(self.work.path().join("httpd.conf"));
        file.and_then(|mut file| writeln!(file, "{lines}"))
            .expect("httpd.conf");
    }

    /// Restarts gracefully (SIGUSR1) and waits until the new configuration is in force.
    #[track_caller]
    pub fn graceful(&mut self) {
        let count = |log: &str| log.matches("resuming normal operations").count();
        let before = count(&self.log());
        let (pid, old) = (self.pid(), self.children());
        signal("USR1", &[pid]);
        self.wait_for("a graceful restart", |log| {
            count(log) > before && children(pid).iter().any(|child| !old.contains(child))
        });
        self.wait_until_up();
    }

    /// Ends httpd now and returns the lines of its error log that nobody expected.
    pub fn end(mut self) -> Vec<String> {
        self.terminate();
        let unexpected = error_log::unexpected(&self.log(), &self.allowed);
        self.allowed = vec![String::new()]; // a text that every line contains
        unexpected
    }

    #[track_caller]
    fn wait_for(&mut self, what: &str, ready: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !ready(&self.log()) {
            let gone = self.process.try_wait().ok().flatten();
            assert!(gone.is_none(), "httpd ended ({gone:?}):\n{}", self.log());
            let late = Instant::now() > deadline;
            assert!(!late, "waited for {what}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for an answer to a request that no file, directory or handler is concerned with.
    #[track_caller]
    fn wait_until_up(&mut self) {
        let address = self.address();
        let probe = http::request("OPTIONS", "*", &[]);
        self.wait_for("an answer", |_| http::exchange(address, &probe).is_ok());
    }

    fn terminate(&mut self) {
        let children = self.children();
        signal("TERM", &[self.pid()]);
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.process.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                let _ = self.process.kill();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        // A tracer that ends lets its server go on.
        let left = children.into_iter().filter(|&child| is_alive(child));
        signal("KILL", &left.collect::<Vec<_>>());
        if let Some(guardian) = self.guardian.take() {
            guardian.dismiss();
        }
    }
}

impl Drop for Httpd {
    fn drop(&mut self) {
        self.terminate();
        if std::thread::panicking() {
            eprintln!("error log of the failed test:\n{}", self.log());
            return;
        }
        let unexpected = error_log::unexpected(&self.log(), &self.allowed);
        assert!(
            unexpected.is_empty(),
            "unexpected lines in the error log:\n{}",
            unexpected.join("\n")
        );
    }
}
