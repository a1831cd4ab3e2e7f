//! A private memcached.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::{existing_user, find, is_root, signal};
use crate::free_port;
use crate::guardian::Guardian;

/// A running memcached on 127.0.0.1, ended on drop and when the process ends.
#[derive(Debug)]
pub struct Memcached {
    server: Child,
    port: u16,
    _guardian: Guardian,
}

impl Memcached {
    /// Starts memcached and waits until it listens.
    pub fn start() -> Self {
        let port = free_port();
        let program = find("memcached").expect("memcached is installed");
        let mut command = Command::new(program);
        command.args(["-l", "127.0.0.1", "-U", "0", "-m", "8", "-t", "1", "-p"]);
        command.arg(port.to_string());
        if is_root() {
            command.args([
                "-u",
                existing_user(&["memcache", "nobody"]).unwrap_or("root"),
            ]);
        }
        let server = command.stdin(Stdio::null()).spawn().expect("memcached");
        let guardian = Guardian::new("kill \"$1\"; kill -CONT \"$1\"", &[server.id().to_string()]);
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "memcached does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self {
            server,
            port,
            _guardian: guardian,
        }
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stores a value without flags and expiry.
    pub fn set(&self, key: &str, value: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("memcached");
        let command = format!("set {key} 0 0 {}\r\n{value}\r\n", value.len());
        stream.write_all(command.as_bytes()).expect("memcached");
        let mut answer = [0; 8];
        stream.read_exact(&mut answer).expect("memcached");
        assert_eq!(&answer, b"STORED\r\n");
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("memcached");
        let command = format!("get {key}\r\nquit\r\n");
        stream.write_all(command.as_bytes()).expect("memcached");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("memcached");
        // VALUE <key> <flags> <length>, the value, END
        let value = answer.strip_prefix("VALUE ")?.lines().nth(1)?;
        Some(value.to_owned())
    }

    /// Stops the server with SIGSTOP: connections are taken by the kernel and then hang.
    pub fn pause(&self) {
        signal("STOP", &[self.server.id()]);
    }

    /// Lets the server run on after [`pause`](Self::pause).
    pub fn unpause(&self) {
        signal("CONT", &[self.server.id()]);
    }

    /// Ends the server while its users still want it.
    pub fn stop(&mut self) {
        signal("TERM", &[self.server.id()]);
        self.unpause();
        let _ = self.server.wait();
    }
}

impl Drop for Memcached {
    fn drop(&mut self) {
        self.stop();
    }
}
