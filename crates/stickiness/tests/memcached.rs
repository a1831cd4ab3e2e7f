//! Against a real memcached, started here.

use background::Logger;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use stickiness::{Server, Stickiness};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

struct Memcached {
    child: Child,
    port: u16,
}

impl Memcached {
    fn start(port: u16) -> Self {
        let child = Command::new("memcached")
            .args(["-u", "nobody", "-l", "127.0.0.1", "-p", &port.to_string()])
            .stderr(Stdio::null())
            .spawn()
            .expect("memcached is installed");
        let this = Self { child, port };
        wait(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        this
    }
}

impl Drop for Memcached {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn wait(mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < end, "waited too long");
        thread::sleep(Duration::from_millis(10));
    }
}

fn memory(port: u16) -> (Stickiness, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let log: Logger = Arc::new(move |_, text: &str| sink.lock().unwrap().push(text.to_owned()));
    let server = Server {
        host: "127.0.0.1".to_owned(),
        port,
    };
    (
        Stickiness::start("test", Duration::from_secs(60), &[server], &log),
        lines,
    )
}

/// A mirror that was remembered is recalled, under the key and in the form that sites have.
#[test]
fn remembers_a_mirror_in_the_known_format() {
    let server = Memcached::start(free_port());
    let (memory, _) = memory(server.port);
    assert_eq!(memory.recall(CLIENT), None);
    wait(|| {
        memory.remember(CLIENT, 42);
        memory.recall(CLIENT) == Some(42)
    });
    let mut raw = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    raw.write_all(b"get mb_test_192.0.2.1\r\nquit\r\n").unwrap();
    let mut text = String::new();
    raw.read_to_string(&mut text).unwrap();
    assert_eq!(text, "VALUE mb_test_192.0.2.1 0 2\r\n42\r\nEND\r\n");
}

/// A server that dies is reported once, delays nobody, and is used again when it is back.
#[test]
fn survives_the_server() {
    let server = Memcached::start(free_port());
    let port = server.port;
    let (memory, lines) = memory(port);
    wait(|| {
        memory.remember(CLIENT, 7);
        memory.recall(CLIENT) == Some(7)
    });
    drop(server);
    for _ in 0..20 {
        let start = Instant::now();
        assert_eq!(memory.recall(CLIENT), None);
        assert!(
            start.elapsed() < Duration::from_millis(100),
            "{:?}",
            start.elapsed()
        );
    }
    let _server = Memcached::start(port);
    wait(|| {
        memory.remember(CLIENT, 8);
        memory.recall(CLIENT) == Some(8)
    });
    let lines = lines.lock().unwrap();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with(&format!("memcached at 127.0.0.1:{port} is not available")));
    assert_eq!(lines[1], format!("memcached at 127.0.0.1:{port} is back"));
}

/// A server that accepts and then says nothing holds a request for less than 100 ms.
#[test]
fn a_silent_server_delays_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept() {
            open.push(stream);
        }
    });
    let (memory, _) = memory(port);
    let end = Instant::now() + Duration::from_millis(1500);
    let mut slowest = Duration::ZERO;
    while Instant::now() < end {
        let start = Instant::now();
        assert_eq!(memory.recall(CLIENT), None);
        slowest = slowest.max(start.elapsed());
    }
    assert!(slowest < Duration::from_millis(100), "{slowest:?}");
}
