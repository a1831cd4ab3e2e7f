//! Over FTP, in passive mode; anonymous unless the URL has a login.

use super::{FetchError, Found, PATIENCE, Wanted, read};
use percent_encoding::percent_decode_str;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpStream, Mode};
use url::Url;

pub(super) fn fetch(url: &str, wanted: Wanted, limit: Duration) -> Result<Found, FetchError> {
    let url = parse(url)?;
    let deadline = Deadline::after(limit);
    retrieve(connected(&url, &deadline)?, &url, wanted, limit)
}

/// Fails unless there is a directory at the URL.
pub(super) fn has_directory(url: &str, limit: Duration) -> Result<(), FetchError> {
    let url = parse(url)?;
    let path = path(&url)?;
    let deadline = Deadline::after(limit);
    Ok(connected(&url, &deadline)?.cwd(path)?)
}

/// Ends connections when their time is over: each byte that a server sends begins the patience of a read anew.
struct Deadline {
    watched: Arc<Watched>,
    /// Tells the thread that all is done.
    _done: Sender<()>,
}

/// The connections; `None` when their time is over.
struct Watched(Mutex<Option<Vec<TcpStream>>>);

impl Deadline {
    fn after(limit: Duration) -> Self {
        let watched = Arc::new(Watched(Mutex::new(Some(Vec::new()))));
        let (done, is_done) = mpsc::channel();
        let ended = Arc::clone(&watched);
        thread::spawn(move || {
            if is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                ended.end();
            }
        });
        Self {
            watched,
            _done: done,
        }
    }
}

impl Watched {
    fn end(&self) {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in streams.take().into_iter().flatten() {
            // One that its server has closed needs no end.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// A connection that does not wait for ever.
    fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *streams {
            Some(streams) => streams.push(stream.try_clone()?),
            None => return Err(io::ErrorKind::TimedOut.into()),
        }
        Ok(stream)
    }
}

fn parse(url: &str) -> Result<Url, FetchError> {
    Url::parse(url).map_err(|e| FetchError::Url(e.to_string()))
}

fn connected(url: &Url, deadline: &Deadline) -> Result<FtpStream, FetchError> {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut failure = FetchError::Url(format!("{url} has no host"));
    for address in (host, url.port().unwrap_or(21)).to_socket_addrs()? {
        match open(address, url, &deadline.watched) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error.into(),
        }
    }
    Err(failure)
}

fn open(address: SocketAddr, url: &Url, watched: &Arc<Watched>) -> Result<FtpStream, FtpError> {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let connect = {
        let watched = Arc::clone(watched);
        move |address| watched.connect(address).map_err(FtpError::ConnectionError)
    };
    let mut stream = FtpStream::connect_with_stream(connect(address)?)?
        // The data come from the host that we talk to, whatever address it names.
        .passive_stream_builder(connect);
    stream.set_passive_nat_workaround(true);
    if address.is_ipv6() {
        stream.set_mode(Mode::ExtendedPassive);
    }
    match url.username() {
        "" => stream.login("anonymous", "mirrorbrain@")?,
        user => stream.login(decoded(user), decoded(url.password().unwrap_or_default()))?,
    }
    stream.transfer_type(FileType::Binary)?;
    Ok(stream)
}

/// The path is relative to where the login leads (RFC 1738).
fn path(url: &Url) -> Result<String, FetchError> {
    let path = url.path().strip_prefix('/').unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
    if path.contains(['\r', '\n']) {
        return Err(FetchError::Url(format!("{url} has a line feed in it")));
    }
    Ok(path)
}

fn retrieve(
    mut stream: FtpStream,
    url: &Url,
    wanted: Wanted,
    limit: Duration,
) -> Result<Found, FetchError> {
    let path = path(url)?;
    // Not every server knows SIZE; every one knows whether it can send a file.
    let mut file = stream.retr_as_stream(path)?;
    if wanted == Wanted::PRESENCE {
        return Ok(Found::default());
    }
    let found = read(&mut file, wanted, limit)?;
    if wanted.md5 {
        // Only this tells a file from the beginning of one.
        file.finish()?;
    }
    Ok(found)
}
