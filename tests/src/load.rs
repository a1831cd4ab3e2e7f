//! Requests from several clients at once, each as fast as it is answered.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::http::{self, Response};

/// One request under load.
#[derive(Debug, Clone)]
pub struct Sample {
    /// When it was sent.
    pub sent: Instant,
    /// How long the whole answer took.
    pub took: Duration,
    /// The status; or what went wrong, if there was no whole answer.
    pub status: Result<u16, String>,
}

/// Clients at work, until [`finish`](Self::finish).
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Vec<Sample>>>,
}

impl Load {
    /// Starts clients that get the same path, each on a connection that it keeps while it may.
    pub fn start(address: SocketAddr, path: &str, clients: usize) -> Self {
        let request = http::request("GET", path, &[("Connection", "keep-alive")]);
        let stop = Arc::new(AtomicBool::new(false));
        let client = || {
            let (stop, request) = (Arc::clone(&stop), request.clone());
            thread::spawn(move || {
                let mut connection = None;
                let mut samples = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let sent = Instant::now();
                    let answer = ask(&mut connection, address, &request);
                    samples.push(Sample {
                        sent,
                        took: sent.elapsed(),
                        status: answer.map(|r| r.status).map_err(|e| e.to_string()),
                    });
                }
                samples
            })
        };
        Self {
            clients: (0..clients).map(|_| client()).collect(),
            stop,
        }
    }

    /// Ends the clients and returns what they saw, in the order of sending.
    pub fn finish(self) -> Vec<Sample> {
        self.stop.store(true, Ordering::Relaxed);
        let mut samples: Vec<Sample> = self
            .clients
            .into_iter()
            .flat_map(|client| client.join().expect("a client"))
            .collect();
        samples.sort_by_key(|sample| sample.sent);
        samples
    }
}

/// Asks on the connection of the request before, if there is one, and keeps it if it may be kept.
fn ask(
    connection: &mut Option<TcpStream>,
    address: SocketAddr,
    request: &[u8],
) -> io::Result<Response> {
    let mut stream = match connection.take() {
        Some(stream) => stream,
        None => http::connect(address)?,
    };
    stream.write_all(request)?;
    let response = http::read_response(&mut stream, false)?;
    if response.header("Connection").as_deref() != Some("close") {
        *connection = Some(stream);
    }
    Ok(response)
}
