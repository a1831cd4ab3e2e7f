//! The load: keep-alive connections that ask one request after the other.
//!
//! One thread for each connection, blocking sockets, no work between two requests but drawing the
//! next path. What it takes, most of it the kernel's for sockets and process switches, is the same
//! for all that is compared.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use hdrhistogram::Histogram;
use socket2::{Domain, Socket, Type};

use crate::dataset::{self, Files};

/// Which files are asked for.
#[derive(Debug)]
pub enum Mix {
    /// All alike.
    Uniform(Files),
    /// Each by its popularity.
    Zipf(Zipf),
    /// Each once, in turn.
    Distinct(AtomicU32, Files),
    /// Each of the first n directories alike.
    Directories(u32),
    /// A small file that is served from here.
    Small,
    /// One path.
    One(String),
}

/// Popularity by Zipf's law with exponent 1: the n-th most popular file is asked for 1/n times as
/// often as the first.
#[derive(Debug)]
pub struct Zipf {
    cumulated: Vec<f64>,
}

impl Zipf {
    /// The law over this many files.
    pub fn new(files: u32) -> Self {
        let mut sum = 0.0;
        let cumulated = (1..=files).map(|rank| {
            sum += 1.0 / f64::from(rank);
            sum
        });
        Self {
            cumulated: cumulated.collect(),
        }
    }

    fn draw(&self, rng: &mut Rng) -> u32 {
        let files = self.cumulated.len();
        let total = self.cumulated.last().copied().unwrap_or_default();
        let point = rng.f64() * total;
        let rank = self.cumulated.partition_point(|sum| *sum < point);
        // Popular files are all over the tree; the step is prime and larger than any site here.
        (rank as u64 * 15_485_863 % files.max(1) as u64) as u32
    }
}

impl Mix {
    fn path(&self, rng: &mut Rng) -> String {
        match self {
            Self::Uniform(files) => files.path(rng.u32(..files.count)),
            Self::Zipf(zipf) => dataset::path(zipf.draw(rng)),
            Self::Distinct(next, files) => {
                files.path(next.fetch_add(1, Ordering::Relaxed) % files.count)
            }
            Self::Directories(count) => dataset::directory(rng.u32(..count)) + "/",
            Self::Small => dataset::SMALL.to_owned(),
            Self::One(path) => path.clone(),
        }
    }
}

/// What is sent where, and what must come back.
#[derive(Debug)]
pub struct Target {
    /// Where the server listens.
    pub address: SocketAddr,
    /// Which files.
    pub mix: Mix,
    /// What follows the path, such as `.meta4`.
    pub suffix: &'static str,
    /// The status of each answer.
    pub status: u16,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Nanoseconds from the first byte sent to the last byte received, of each request that was
    /// answered in the measured time.
    pub latencies: Histogram<u64>,
    /// The measured time.
    pub elapsed: Duration,
}

impl Target {
    /// Loads the server: `warm_up` long without measuring, then `measured` long. `at_bounds` is
    /// called when the measured time begins and when it ends.
    ///
    /// # Errors
    /// If a connection breaks or an answer has another status.
    pub fn load(
        &self,
        connections: usize,
        warm_up: Duration,
        measured: Duration,
        mut at_bounds: impl FnMut(),
    ) -> io::Result<Outcome> {
        let begin = Instant::now() + warm_up;
        let end = begin + measured;
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..connections)
                .map(|_| scope.spawn(|| self.client(begin, end)))
                .collect();
            std::thread::sleep(begin.saturating_duration_since(Instant::now()));
            let begun = Instant::now();
            at_bounds();
            std::thread::sleep(end.saturating_duration_since(Instant::now()));
            at_bounds();
            let elapsed = begun.elapsed();
            let mut latencies = new_histogram();
            for client in clients {
                let own = client
                    .join()
                    .map_err(|_| io::Error::other("a client panicked"))??;
                latencies.add(own).map_err(io::Error::other)?;
            }
            Ok(Outcome { latencies, elapsed })
        })
    }

    /// Asks for each of these files once, one after the other.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn ask_each(&self, files: Files) -> io::Result<()> {
        let mut client = Client::new(self);
        (0..files.count).try_for_each(|file| client.ask(&files.path(file)))
    }

    fn client(&self, begin: Instant, end: Instant) -> io::Result<Histogram<u64>> {
        let mut latencies = new_histogram();
        let mut client = Client::new(self);
        let mut rng = Rng::new();
        loop {
            let path = self.mix.path(&mut rng);
            let start = Instant::now();
            if start >= end {
                return Ok(latencies);
            }
            client.ask(&path)?;
            let done = Instant::now();
            if done >= begin && done < end {
                let nanoseconds = u64::try_from((done - start).as_nanos()).unwrap_or(u64::MAX);
                latencies.saturating_record(nanoseconds);
            }
        }
    }
}

/// 1 µs to 60 s with three digits.
fn new_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1_000, 60_000_000_000, 3).expect("valid bounds")
}

/// A client with a connection that is opened again when the server closes it. Each connection
/// comes from another address of the loopback network, so each is another client to the server.
struct Client<'t> {
    target: &'t Target,
    connection: Option<TcpStream>,
    rng: Rng,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl<'t> Client<'t> {
    fn new(target: &'t Target) -> Self {
        Self {
            target,
            connection: None,
            rng: Rng::new(),
            request: Vec::new(),
            answer: vec![0; 64 << 10],
        }
    }

    fn ask(&mut self, path: &str) -> io::Result<()> {
        self.request.clear();
        self.request.extend_from_slice(b"GET /");
        self.request.extend_from_slice(path.as_bytes());
        self.request
            .extend_from_slice(self.target.suffix.as_bytes());
        self.request.extend_from_slice(
            b" HTTP/1.1\r\nHost: download.example.org\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n",
        );
        let reused = match self.connection.take() {
            Some(connection) => self.exchange(connection),
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        // A busy server may close an idle connection just when a request is on its way; clients
        // then ask again (RFC 9112, section 9.3.1).
        let (status, connection) = match reused {
            Ok(answer) => answer,
            Err(_) => {
                let fresh = self.connect()?;
                self.exchange(fresh)?
            }
        };
        if status != self.target.status {
            return Err(io::Error::other(format!("GET /{path}: status {status}")));
        }
        self.connection = connection;
        Ok(())
    }

    /// Sends the request and reads the answer. Its status, and the connection if it stays.
    fn exchange(&mut self, mut connection: TcpStream) -> io::Result<(u16, Option<TcpStream>)> {
        connection.write_all(&self.request)?;
        let (status, keep) = receive(&mut connection, &mut self.answer, false)?;
        Ok((status, keep.then_some(connection)))
    }

    fn connect(&mut self) -> io::Result<TcpStream> {
        let source = Ipv4Addr::new(127, self.rng.u8(..), self.rng.u8(..), self.rng.u8(1..255));
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        socket.connect(&self.target.address.into())?;
        socket.set_tcp_nodelay(true)?;
        Ok(socket.into())
    }
}

/// Reads one answer into the buffer, to its last byte; that to HEAD has no body. Its status, and whether
/// the connection stays.
pub fn receive(
    mut connection: impl Read,
    buffer: &mut Vec<u8>,
    is_head: bool,
) -> io::Result<(u16, bool)> {
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            buffer.resize(buffer.len() * 2, 0);
        }
        let count = connection.read(&mut buffer[filled..])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += count;
        if let Some(head) = Head::parse(&buffer[..filled])?
            && (is_head || head.is_complete(&buffer[..filled]))
        {
            return Ok((head.status, head.keep));
        }
    }
}

/// What the head of an answer says about its length.
struct Head {
    /// The status.
    pub status: u16,
    /// Whether the connection stays.
    pub keep: bool,
    end: usize,
    /// None if the body is chunked.
    body: Option<usize>,
}

impl Head {
    /// Reads it, once it is whole.
    ///
    /// # Errors
    /// If it is no head of an answer.
    pub fn parse(bytes: &[u8]) -> io::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(end) = response.parse(bytes).map_err(io::Error::other)?
        else {
            return Ok(None);
        };
        let mut head = Self {
            status: response.code.unwrap_or(0),
            keep: true,
            end,
            body: Some(0),
        };
        for header in response.headers.iter() {
            let is = |value: &[u8]| header.value.eq_ignore_ascii_case(value);
            if header.name.eq_ignore_ascii_case("Content-Length") {
                let text = String::from_utf8_lossy(header.value);
                head.body = Some(text.parse().map_err(io::Error::other)?);
            } else if header.name.eq_ignore_ascii_case("Transfer-Encoding") && is(b"chunked") {
                head.body = None;
            } else if header.name.eq_ignore_ascii_case("Connection") && is(b"close") {
                head.keep = false;
            }
        }
        Ok(Some(head))
    }

    /// Whether the body is there too.
    pub fn is_complete(&self, bytes: &[u8]) -> bool {
        match self.body {
            Some(length) => bytes.len() >= self.end + length,
            // Nothing follows a last chunk here: there are no trailers, and nothing is pipelined.
            None => bytes.ends_with(b"\r\n0\r\n\r\n"),
        }
    }
}
