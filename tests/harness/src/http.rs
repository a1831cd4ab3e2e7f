//! A raw HTTP/1 client: what a test writes is what the server gets, and what comes back is shown
//! as it came, repeated headers included.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

/// How long a request may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Names and values in the order they came.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body, freed from chunked coding.
    pub body: Vec<u8>,
}

impl Response {
    /// The value of a header that must not be repeated.
    ///
    /// # Panics
    /// If it occurs more than once.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<String> {
        let mut values = self.headers(name);
        assert!(values.len() < 2, "{name} is repeated: {values:?}");
        values.pop()
    }

    /// Every value of a header, in the order they came.
    pub fn headers(&self, name: &str) -> Vec<String> {
        self.headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect()
    }

    /// The `Location` header, empty if there is none.
    #[track_caller]
    pub fn location(&self) -> String {
        self.header("Location").unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends one request, byte for byte as given, on a connection of its own and reads the answer.
///
/// # Errors
/// If the connection breaks, or what comes back is not HTTP.
pub fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<Response> {
    let mut stream = connect(address)?;
    stream.write_all(request)?;
    read_response(&mut stream, request.starts_with(b"HEAD "))
}

/// Opens a connection that does not wait for ever.
///
/// # Errors
/// If nobody listens there.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Puts a request together. `Host` and `Connection: close` are added unless given.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let has = |name: &str| {
        headers
            .iter()
            .any(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    let mut text = format!("{method} {target} HTTP/1.1\r\n");
    if !has("Host") {
        text.push_str("Host: download.example.org\r\n");
    }
    if !has("Connection") {
        text.push_str("Connection: close\r\n");
    }
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// Reads one answer from a connection, which may stay open after it.
///
/// # Errors
/// If the connection breaks, or what comes back is not HTTP.
pub fn read_response(stream: &mut impl Read, to_head: bool) -> io::Result<Response> {
    let mut received = Vec::new();
    let (mut response, head_length) = loop {
        if let Some(parsed) = parse_head(&received)? {
            break parsed;
        }
        receive(stream, &mut received)?;
    };
    let rest = received.split_off(head_length);
    if to_head || matches!(response.status, 100..=199 | 204 | 304) {
        return Ok(response);
    }
    let chunked = response.header("Transfer-Encoding").as_deref() == Some("chunked");
    let length = response.header("Content-Length");
    response.body = if chunked {
        read_chunks(stream, rest)?
    } else if let Some(length) = length {
        let length = length.parse().map_err(|_| invalid("Content-Length"))?;
        read_until(stream, rest, length)?
    } else {
        let mut body = rest;
        stream.read_to_end(&mut body)?;
        body
    };
    Ok(response)
}

fn parse_head(bytes: &[u8]) -> io::Result<Option<(Response, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 200];
    let mut head = httparse::Response::new(&mut headers);
    let parsed = head.parse(bytes).map_err(io::Error::other)?;
    let httparse::Status::Complete(length) = parsed else {
        return Ok(None);
    };
    let response = Response {
        status: head.code.unwrap_or(0),
        headers: head
            .headers
            .iter()
            .map(|header| (header.name.to_owned(), header.value.to_vec()))
            .collect(),
        body: Vec::new(),
    };
    Ok(Some((response, length)))
}

fn read_until(stream: &mut impl Read, mut bytes: Vec<u8>, length: usize) -> io::Result<Vec<u8>> {
    while bytes.len() < length {
        receive(stream, &mut bytes)?;
    }
    bytes.truncate(length);
    Ok(bytes)
}

fn read_chunks(stream: &mut impl Read, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let size = httparse::parse_chunk_size(rest).map_err(|_| invalid("chunk size"))?;
        let httparse::Status::Complete((start, size)) = size else {
            receive(stream, &mut bytes)?;
            continue;
        };
        let start = at + start;
        let end = start + usize::try_from(size).map_err(|_| invalid("chunk size"))?;
        while bytes.len() < end + 2 {
            receive(stream, &mut bytes)?;
        }
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(bytes.get(start..end).unwrap_or_default());
        at = end + 2;
    }
}

fn receive(stream: &mut impl Read, into: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    let count = loop {
        match stream.read(&mut buffer) {
            // A signal that some other thread's child process caused.
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    if count == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    into.extend_from_slice(buffer.get(..count).unwrap_or_default());
    Ok(())
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A curl command, quiet, that ignores the user's own settings.
pub fn curl() -> Command {
    let mut command = Command::new("curl");
    command.args(["-q", "-sS", "--max-time", "30"]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Response {
        read_response(&mut text.as_bytes(), false).expect("an answer")
    }

    #[test]
    fn repeated_headers_and_chunked_bodies_come_through() {
        let response = read(
            "HTTP/1.1 200 OK\r\nLink: a\r\nlink: b\r\nTransfer-Encoding: chunked\r\n\r\n\
             3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        );
        assert_eq!(response.headers("LINK"), ["a", "b"]);
        assert_eq!(response.text(), "abcde");
    }

    #[test]
    fn a_body_ends_with_its_length() {
        let response = read("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nabcd");
        assert_eq!((response.status, response.text().as_str()), (404, "ab"));
    }
}
