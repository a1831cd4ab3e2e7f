//! Requests from several clients at once, each as fast as it is answered, and all of them counted.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read, Write};
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
    /// The status of a right answer; or what went wrong: no whole answer, or another than the
    /// check allows.
    pub status: Result<u16, String>,
    /// Whether the server had closed the kept connection without a byte in answer, so that the
    /// request was sent again on a new one, as RFC 9112 (9.3.1) has clients do.
    pub retried: bool,
}

/// What a right answer is.
type Check = Arc<dyn Fn(&Response) -> Result<(), String> + Send + Sync>;

/// Clients at work, until [`finish`](Self::finish).
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Vec<Sample>>>,
}

impl Load {
    /// Starts clients that get the same path, each on a connection that it keeps while it may.
    /// Any whole answer is right.
    pub fn start(address: SocketAddr, path: &str, clients: usize) -> Self {
        Self::checked(address, path, clients, |_| Ok(()))
    }

    /// The same with a check of each answer; what it finds wrong is the sample's error.
    pub fn checked(
        address: SocketAddr,
        path: &str,
        clients: usize,
        check: impl Fn(&Response) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        let request = http::request("GET", path, &[("Connection", "keep-alive")]);
        let stop = Arc::new(AtomicBool::new(false));
        let check: Check = Arc::new(check);
        let client = || {
            let (stop, request) = (Arc::clone(&stop), request.clone());
            let check = Arc::clone(&check);
            thread::spawn(move || {
                let mut client = Client {
                    address,
                    connection: None,
                };
                let mut samples = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    samples.push(client.sample(&request, &check));
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
    pub fn finish(mut self) -> Vec<Sample> {
        self.stop.store(true, Ordering::Relaxed);
        let mut samples: Vec<Sample> = std::mem::take(&mut self.clients)
            .into_iter()
            .flat_map(|client| client.join().expect("a client"))
            .collect();
        samples.sort_by_key(|sample| sample.sent);
        samples
    }
}

impl Drop for Load {
    /// A test that fails meanwhile must not go on disturbing others.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// What became of a number of requests.
#[derive(Debug, Clone, Default)]
pub struct Count {
    /// All of them.
    pub requests: usize,
    /// Right answers by status.
    pub by_status: BTreeMap<u16, usize>,
    /// What went wrong, each as often as it did.
    pub failures: Vec<String>,
    /// Those that were sent again because a kept connection had been closed.
    pub retried: usize,
    /// The slowest answer.
    pub slowest: Duration,
}

impl Count {
    /// Counts samples.
    pub fn of<'s>(samples: impl IntoIterator<Item = &'s Sample>) -> Self {
        let mut count = Self::default();
        for sample in samples {
            count.requests += 1;
            count.retried += usize::from(sample.retried);
            count.slowest = count.slowest.max(sample.took);
            match &sample.status {
                Ok(status) => *count.by_status.entry(*status).or_default() += 1,
                Err(problem) => count.failures.push(problem.clone()),
            }
        }
        count
    }

    /// How many right answers had this status.
    pub fn status(&self, status: u16) -> usize {
        self.by_status.get(&status).copied().unwrap_or_default()
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests", self.requests)?;
        for (status, count) in &self.by_status {
            write!(f, ", {count} x {status}")?;
        }
        let (failed, slowest) = (self.failures.len(), self.slowest.as_millis());
        let retried = self.retried;
        write!(
            f,
            ", {failed} failed, {retried} sent again, slowest {slowest} ms"
        )
    }
}

/// One client and its connection, if that may be kept.
struct Client {
    address: SocketAddr,
    connection: Option<TcpStream>,
}

impl Client {
    fn sample(&mut self, request: &[u8], check: &Check) -> Sample {
        let sent = Instant::now();
        let (answer, retried) = self.ask(request);
        let took = sent.elapsed();
        let right = answer
            .map_err(|error| error.to_string())
            .and_then(|response| check(&response).map(|()| response.status));
        Sample {
            sent,
            took,
            status: right,
            retried,
        }
    }

    /// Asks on the connection of the request before, if there is one, and keeps it if it may be
    /// kept. A kept connection that ends before the first byte of an answer says nothing about
    /// the request: it is sent again, once, on a new connection.
    fn ask(&mut self, request: &[u8]) -> (io::Result<Response>, bool) {
        if let Some(stream) = self.connection.take() {
            match self.exchange(stream, request) {
                Err(Broken {
                    answered: false,
                    error,
                }) if is_end(&error) => {}
                other => return (other.map_err(|broken| broken.error), false),
            }
            return (self.ask_anew(request), true);
        }
        (self.ask_anew(request), false)
    }

    fn ask_anew(&mut self, request: &[u8]) -> io::Result<Response> {
        let stream = http::connect(self.address)?;
        self.exchange(stream, request)
            .map_err(|broken| broken.error)
    }

    fn exchange(&mut self, mut stream: TcpStream, request: &[u8]) -> Result<Response, Broken> {
        let broken = |error, answered| Broken { answered, error };
        stream.write_all(request).map_err(|e| broken(e, false))?;
        let mut reader = Reader {
            stream: &mut stream,
            any: false,
        };
        let response =
            http::read_response(&mut reader, false).map_err(|e| broken(e, reader.any))?;
        if response.header("Connection").as_deref() != Some("close") {
            self.connection = Some(stream);
        }
        Ok(response)
    }
}

/// An exchange without a whole answer.
struct Broken {
    /// Whether there was a part of one.
    answered: bool,
    error: io::Error,
}

/// Whether the other side closed the connection; a time-out is something else.
fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}

/// Notes whether anything came.
struct Reader<'s> {
    stream: &'s mut TcpStream,
    any: bool,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.any |= count > 0;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";

    /// A server that answers on each connection with these bytes, one for each request, and then
    /// closes it.
    fn served(connections: &'static [&'static [&'static [u8]]]) -> Vec<Sample> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut client = Client {
            address: listener.local_addr().expect("an address"),
            connection: None,
        };
        let server = thread::spawn(move || {
            for answers in connections {
                let (mut stream, _) = listener.accept().expect("a client");
                for answer in *answers {
                    let _ = stream.read(&mut [0; 1000]).expect("a request");
                    stream.write_all(answer).expect("an answer");
                }
            }
        });
        let check: Check = Arc::new(|response| match response.text().as_str() {
            "ab" => Ok(()),
            other => Err(format!("wrong body {other}")),
        });
        let request = http::request("GET", "/", &[("Connection", "keep-alive")]);
        let answers = connections.iter().map(|answers| answers.len()).sum();
        let samples = (0..answers).map(|_| client.sample(&request, &check));
        let samples = samples.collect();
        server.join().expect("the server");
        samples
    }

    #[test]
    fn a_kept_connection_that_was_closed_is_replaced_and_counted() {
        let count = Count::of(&served(&[&[ANSWER, ANSWER], &[ANSWER]]));
        assert_eq!((count.status(200), count.retried), (3, 1), "{count}");
        assert!(count.failures.is_empty(), "{count:?}");
    }

    #[test]
    fn a_new_connection_that_is_closed_and_half_an_answer_are_failures() {
        let count = Count::of(&served(&[&[b""], &[ANSWER, b"HTTP/1.1 200 OK\r\n"]]));
        assert_eq!((count.failures.len(), count.retried), (2, 0), "{count:?}");
    }

    #[test]
    fn a_wrong_body_is_a_failure() {
        const WRONG: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
        let count = Count::of(&served(&[&[ANSWER, WRONG]]));
        assert_eq!(count.failures, ["wrong body x"]);
    }
}
