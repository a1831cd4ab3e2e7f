//! Servers whose greeting the system's rsync refuses: protocol 32 without the names of digests, as relays and
//! old firewalls leave it. They speak an older protocol just as well.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::thread;
use std::time::Duration;

/// The longest first line.
const LONGEST: usize = 1024;

/// The newest protocol that needs no names of digests.
const OLDER: &[u8] = b"@RSYNCD: 31.0\n";

/// Whether a server greets in this way.
pub(super) fn is_refused(host: &str, port: u16, patience: Duration) -> bool {
    let greet = || {
        let mut stream = connect(host, port, patience)?;
        first_line(&mut stream)
    };
    greet().is_ok_and(|line| lacks_digests(&line))
}

fn lacks_digests(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    let Some(rest) = line.strip_prefix("@RSYNCD: ") else {
        return false;
    };
    let mut words = rest.split_whitespace();
    let protocol = words
        .next()
        .and_then(|word| word.split('.').next()?.parse::<u32>().ok());
    protocol.is_some_and(|protocol| protocol >= 32) && words.next().is_none()
}

/// Takes one connection on loopback, and hands it on with greetings that both sides understand. Returns
/// the port.
pub(super) fn relay(host: &str, port: u16, patience: Duration) -> io::Result<u16> {
    let server = connect(host, port, patience)?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let local = listener.local_addr()?.port();
    thread::spawn(move || {
        if let Ok((client, _)) = listener.accept() {
            drop(listener);
            let _ = hand_on(client, server, patience);
        }
    });
    Ok(local)
}

fn hand_on(mut client: TcpStream, mut server: TcpStream, patience: Duration) -> io::Result<()> {
    client.set_read_timeout(Some(patience))?;
    first_line(&mut server)?;
    client.write_all(OLDER)?;
    first_line(&mut client)?;
    server.write_all(OLDER)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

fn connect(host: &str, port: u16, patience: Duration) -> io::Result<TcpStream> {
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, patience) {
            Ok(stream) => {
                stream.set_read_timeout(Some(patience))?;
                stream.set_write_timeout(Some(patience))?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// The first line, and nothing of the second one.
fn first_line(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < LONGEST {
        stream.read_exact(&mut byte)?;
        line.extend_from_slice(&byte);
        if byte == *b"\n" {
            return Ok(line);
        }
    }
    Err(io::Error::from(io::ErrorKind::UnexpectedEof))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_protocols_without_digests_are_refused() {
        for (line, is_refused) in [
            ("@RSYNCD: 32.0\n", true),
            ("@RSYNCD: 32.0 sha512 md5\n", false),
            ("@RSYNCD: 31.0\n", false),
            ("220 FTP\n", false),
            ("@RSYNCD: x\n", false),
        ] {
            assert_eq!(lacks_digests(line.as_bytes()), is_refused, "{line}");
        }
    }
}
