//! Over FTP, in passive mode; anonymous unless the URL has a login.

use super::{FetchError, Found, LONGEST, PATIENCE, Wanted, read};
use percent_encoding::percent_decode_str;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpStream, Mode};
use url::Url;

pub(super) fn fetch(url: &str, wanted: Wanted) -> Result<Found, FetchError> {
    let url = parse(url)?;
    retrieve(connected(&url)?, &url, wanted)
}

/// Fails unless there is a directory at the URL.
pub(super) fn has_directory(url: &str) -> Result<(), FetchError> {
    let url = parse(url)?;
    let path = path(&url)?;
    Ok(connected(&url)?.cwd(path)?)
}

fn parse(url: &str) -> Result<Url, FetchError> {
    Url::parse(url).map_err(|e| FetchError::Url(e.to_string()))
}

fn connected(url: &Url) -> Result<FtpStream, FetchError> {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut failure = FetchError::Url(format!("{url} has no host"));
    for address in (host, url.port().unwrap_or(21)).to_socket_addrs()? {
        match open(address, url) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error.into(),
        }
    }
    Err(failure)
}

fn open(address: SocketAddr, url: &Url) -> Result<FtpStream, FtpError> {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
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

/// A connection that does not wait for ever.
fn connect(address: SocketAddr) -> Result<TcpStream, FtpError> {
    let connect = || {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    };
    connect().map_err(FtpError::ConnectionError)
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

fn retrieve(mut stream: FtpStream, url: &Url, wanted: Wanted) -> Result<Found, FetchError> {
    let path = path(url)?;
    // Not every server knows SIZE; every one knows whether it can send a file.
    let file = stream.retr_as_stream(path)?;
    if wanted == Wanted::PRESENCE {
        return Ok(Found::default());
    }
    Ok(read(file, wanted, LONGEST)?)
}
