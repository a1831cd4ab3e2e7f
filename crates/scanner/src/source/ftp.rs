//! FTP, in passive mode; anonymous unless the URL has a login.

use super::{Request, Settings};
use mirror_files::{Entry, Error, Kind, Listing, Size, Time, Unread};
use percent_encoding::percent_decode_str;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::ops::ControlFlow;
use std::time::Duration;
use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpStream, Mode, Status};
use url::Url;

/// Directories in each other.
const DEEPEST: usize = 100;

pub(super) fn list(
    settings: &Settings,
    url: &str,
    request: &Request<'_>,
    sink: &mut dyn FnMut(Entry) -> ControlFlow<()>,
) -> Result<Listing, Error> {
    let said = |error: FtpError| Error::Server(error.to_string());
    let url = Url::parse(url).map_err(|error| Error::Server(error.to_string()))?;
    let mut stream = connected(&url, settings.patience)?;
    let home = stream.pwd().map_err(said)?;
    let path = percent_decode_str(url.path()).decode_utf8_lossy();
    let base = format!("{}/{}", home.trim_end_matches('/'), path.trim_matches('/'));
    let mut listing = Listing::default();
    let mut directories = vec![request.subtree.to_owned()];
    while let Some(directory) = directories.pop() {
        let place = format!("{}/{directory}", base.trim_end_matches('/'));
        let lines = match lines(&mut stream, &place) {
            Ok(lines) => lines,
            Err(error) => {
                let is_gone = matches!(&error, FtpError::UnexpectedResponse(response)
                    if response.status == Status::FileUnavailable);
                if is_gone && !directory.is_empty() {
                    continue;
                }
                if directory == request.subtree && listing.entries == 0 {
                    return Err(said(error));
                }
                listing.unread.push(Unread {
                    path: directory,
                    error: said(error),
                });
                continue;
            }
        };
        for line in lines {
            listing.bytes += line.len() as u64;
            let Some(line) = Line::read(&line) else {
                continue;
            };
            if line.name.contains(char::is_control) || line.name.contains('/') {
                listing.unusable += 1;
                continue;
            }
            let path = match &*directory {
                "" => line.name.to_owned(),
                directory => format!("{directory}/{}", line.name),
            };
            listing.entries += 1;
            if line.kind == Kind::Directory {
                if let Some(directory) = descends(&line, &path, request) {
                    directories.push(directory);
                }
            } else if line.kind == Kind::File && !line.is_for_all("r") {
                if request.subtree.is_empty() && !request.rules.includes(&path, true) {
                    continue;
                }
                (request.unreadable)(line.mode, &path);
                continue;
            }
            let entry = Entry {
                path,
                kind: line.kind,
                size: Size::Exact(line.size),
                mtime: Time::Unknown,
                mode: None,
            };
            if sink(entry).is_break() {
                return Ok(listing);
            }
        }
    }
    let _ = stream.quit();
    Ok(listing)
}

/// The directory, if what is below it counts.
fn descends(line: &Line<'_>, path: &str, request: &Request<'_>) -> Option<String> {
    let below = format!("{path}/");
    let is_top = request.subtree.is_empty() && !path.contains('/');
    if request.rules.excludes(&below) || is_top && !request.rules.includes(&below, true) {
        return None;
    }
    if !line.is_for_all("rx") {
        (request.unreadable)(line.mode, path);
        return None;
    }
    (path.matches('/').count() < DEEPEST).then(|| path.to_owned())
}

fn lines(stream: &mut FtpStream, place: &str) -> Result<Vec<String>, FtpError> {
    stream.cwd(place)?;
    stream.list(None)
}

/// A line as `ls -l` writes it.
struct Line<'a> {
    mode: &'a str,
    kind: Kind,
    size: u64,
    name: &'a str,
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let line = line.trim_end_matches(['\r', '\n']);
        let mode = line.get(1..10)?;
        let kind = match line.as_bytes().first()? {
            b'-' => Kind::File,
            b'd' => Kind::Directory,
            b'l' => Kind::Symlink,
            b'b' | b'c' | b'p' | b's' => Kind::Other,
            _ => return None,
        };
        // Links, owner, group, size, month, day, time or year, and one blank before the name.
        let mut rest = line.get(10..)?;
        let mut words = [""; 7];
        for word in &mut words {
            rest = rest.trim_start();
            let end = rest.find(' ')?;
            (*word, rest) = rest.split_at_checked(end)?;
        }
        let name = rest.strip_prefix(' ')?;
        let name = match kind {
            Kind::Symlink => name.split(" -> ").next()?,
            _ => name,
        };
        if matches!(name, "" | "." | "..") {
            return None;
        }
        Some(Self {
            mode,
            kind,
            size: words.get(3)?.parse().ok()?,
            name,
        })
    }

    /// Whether owner, group and others have these rights.
    fn is_for_all(&self, rights: &str) -> bool {
        let thirds = [0..3, 3..6, 6..9].map(|range| self.mode.get(range).unwrap_or_default());
        thirds
            .iter()
            .all(|third| rights.chars().all(|right| third.contains(right)))
    }
}

fn connected(url: &Url, patience: Duration) -> Result<FtpStream, Error> {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = (host, url.port().unwrap_or(21)).to_socket_addrs();
    let addresses = addresses.map_err(|error| Error::Server(error.to_string()))?;
    let mut failure = Error::Server("the host has no address".to_owned());
    for address in addresses {
        match open(address, url, patience) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = Error::Server(error.to_string()),
        }
    }
    Err(failure)
}

fn open(address: SocketAddr, url: &Url, patience: Duration) -> Result<FtpStream, FtpError> {
    let connect = move |address: SocketAddr| {
        let connect = || {
            let stream = TcpStream::connect_timeout(&address, patience)?;
            stream.set_read_timeout(Some(patience))?;
            stream.set_write_timeout(Some(patience))?;
            Ok(stream)
        };
        connect().map_err(FtpError::ConnectionError)
    };
    let mut stream = FtpStream::connect_with_stream(connect(address)?)?
        // The data come from the host that we talk to, whatever address it names.
        .passive_stream_builder(connect);
    stream.set_passive_nat_workaround(true);
    if address.is_ipv6() {
        stream.set_mode(Mode::ExtendedPassive);
    }
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    match url.username() {
        "" => stream.login("anonymous", "mirrorbrain@")?,
        user => stream.login(decoded(user), decoded(url.password().unwrap_or_default()))?,
    }
    stream.transfer_type(FileType::Binary)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let line = Line::read("-rw-r--r--   1 ftp  ftp   77 Nov 14  2023  a b.txt").unwrap();
        assert_eq!(
            (line.name, line.size, line.mode),
            (" a b.txt", 77, "rw-r--r--")
        );
        assert!(line.is_for_all("r") && !line.is_for_all("rx"));
        let link = Line::read("lrwxrwxrwx 1 0 0 6 Nov 14 22:13 link -> README").unwrap();
        assert_eq!((link.name, link.kind), ("link", Kind::Symlink));
        for line in [
            "total 5",
            "",
            "drwxr-xr-x 2 0 0 4096 Nov 14 22:13 ..",
            "drwxr-xr-x",
        ] {
            assert!(Line::read(line).is_none(), "{line}");
        }
    }
}
