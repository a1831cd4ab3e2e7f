//! A conversation with a server.

use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use percent_encoding::percent_decode_str;
use suppaftp::types::FileType;
use suppaftp::{FtpError, FtpStream, Mode, Status};
use url::Url;

use super::text;
use super::watch::{Watch, Watched};
use crate::crawl::Problem;
use crate::intake::{Intake, Stop};
use crate::lines::Lines;
use crate::{Error, Kind};

/// FTP's port (RFC 959).
const PORT: u16 = 21;

/// The password of visitors without a login: where to complain would be better, but not every server takes that.
const VISITOR: (&str, &str) = ("anonymous", "mirrorbrain@");

/// How much of a listing is searched for the directory itself, in bytes.
const SEARCHED: usize = 1 << 16;

/// How directories are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `MLSD`
    Facts,
    /// `LIST`
    Text,
    /// `LIST -a`, which names that begin with a dot need.
    AllText,
}

/// A conversation that has begun.
pub(super) struct Session {
    /// Dropped first, so that nothing waits for a server that is not wanted any more.
    watch: Watch,
    stream: FtpStream,
    base: String,
    pub way: Option<Way>,
    has_facts: bool,
    idle: Duration,
    /// Whether question and answer may not belong together any more: then a new conversation must begin.
    pub is_broken: bool,
}

impl Session {
    /// Begins one with the server of a URL.
    pub fn open(url: &Url, intake: &Intake<'_>) -> Result<Self, Error> {
        let idle = intake.options.idle;
        let base = base(url)?;
        let watch = Watch::new(intake.left().unwrap_or_default());
        let mut stream = connected(url, idle, &watch.watched())?;
        let told = |error| said(error, idle);
        stream.transfer_type(FileType::Binary).map_err(told)?;
        // Old servers have no features; that is no failure.
        let features = stream.feat().unwrap_or_default();
        let has = |name: &str| features.keys().any(|key| key.eq_ignore_ascii_case(name));
        let has_facts = has("MLSD") || has("MLST");
        if has("UTF8") {
            let _ = stream.opts("UTF8", Some("ON"));
        }
        let home = stream.pwd().map_err(told)?;
        let home = home.trim_end_matches('/');
        Ok(Self {
            watch,
            stream,
            base: match base.as_str() {
                "" => home.to_owned(),
                base => format!("{home}/{base}"),
            },
            way: None,
            has_facts,
            idle,
            is_broken: false,
        })
    }

    /// Goes to a directory below the base.
    pub fn enter(&mut self, directory: &str) -> Result<(), Problem> {
        let place = match directory {
            "" if self.base.is_empty() => "/".to_owned(),
            "" => self.base.clone(),
            directory => format!("{}/{directory}", self.base),
        };
        let entered = self.stream.cwd(place);
        entered.map_err(|error| self.problem(error))
    }

    /// How this server lists; finds that out in the first directory.
    pub fn way(&mut self) -> Result<Way, Problem> {
        if let Some(way) = self.way {
            return Ok(way);
        }
        let way = if self.has_facts {
            Way::Facts
        } else if self.shows_all()? {
            Way::AllText
        } else {
            Way::Text
        };
        self.way = Some(way);
        Ok(way)
    }

    /// Whether the server understands `-a`: then the directory itself is listed, too. For others it is the name of a
    /// file, which is not there.
    fn shows_all(&mut self) -> Result<bool, Problem> {
        let mut lines = Lines::default();
        let (mut shows, mut bytes) = (false, 0);
        let read = self.lines(Way::AllText, |piece| {
            bytes += piece.len();
            if bytes > SEARCHED {
                return Err(Stop::Enough);
            }
            lines.split(piece, |line| {
                let item = text::read(line);
                shows = item.is_some_and(|i| i.kind == Kind::Directory && i.name == b".");
                match shows {
                    true => Err(Stop::Enough),
                    false => Ok(()),
                }
            })
        });
        match read {
            Ok(()) | Err(Problem::Stop(Stop::Enough)) => Ok(shows),
            Err(Problem::Gone(_)) => Ok(false),
            Err(Problem::Here(error)) if !error.is_temporary() => Ok(false),
            Err(problem) => Err(problem),
        }
    }

    /// Gives the listing of the directory that we are in, piece by piece.
    pub fn lines(
        &mut self,
        way: Way,
        mut take: impl FnMut(&[u8]) -> Result<(), Stop>,
    ) -> Result<(), Problem> {
        let command = match way {
            Way::Facts => "MLSD",
            Way::Text => "LIST",
            Way::AllText => "LIST -a",
        };
        let ready = [Status::AboutToSend, Status::AlreadyOpen];
        let opened = self.stream.custom_data_command(command, &ready);
        let (_, mut data) = opened.map_err(|error| self.problem(error))?;
        let mut piece = vec![0; 1 << 15];
        let mut is_cut = false;
        loop {
            match data.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => {
                    let piece = piece.get(..length).unwrap_or_default();
                    is_cut = !piece.ends_with(b"\n");
                    match take(piece) {
                        Ok(()) => {}
                        Err(Stop::Enough) if self.way.is_none() => {
                            // The rest is not wanted, but the conversation goes on.
                            self.watch.end_data();
                            let _ = data.finish();
                            return Ok(());
                        }
                        Err(stop) => {
                            // Nothing waits for the rest.
                            self.watch.end();
                            self.is_broken = true;
                            return Err(stop.into());
                        }
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.watch.end();
                    return Err(self.problem(FtpError::ConnectionError(error)));
                }
            }
        }
        self.watch.end_data();
        data.finish().map_err(|error| self.problem(error))?;
        if is_cut {
            return Err(Problem::Here(Error::Ended));
        }
        Ok(())
    }

    fn problem(&mut self, error: FtpError) -> Problem {
        let is_refusal = matches!(&error, FtpError::UnexpectedResponse(response)
            if response.status.code() >= 400 && response.status.code() != 421);
        self.is_broken |= !is_refusal;
        let is_gone = matches!(&error, FtpError::UnexpectedResponse(response)
            if response.status == Status::FileUnavailable);
        match said(error, self.idle) {
            Error::Server(said) if is_gone => Problem::Gone(Error::Gone(said)),
            error => Problem::Here(error),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A word of farewell, if the server listens.
        if !self.is_broken && !self.watch.is_ended() {
            let _ = self
                .stream
                .get_ref()
                .set_read_timeout(Some(Duration::from_secs(1)));
            let _ = self.stream.quit();
        }
    }
}

/// The directory of the URL.
fn base(url: &Url) -> Result<String, Error> {
    let problem = |why: &str| Err(Error::Url(format!("{}: {why}", shown(url))));
    if url.scheme() != "ftp" {
        return problem("that is no URL of FTP");
    }
    let Ok(path) = percent_decode_str(url.path()).decode_utf8() else {
        return problem("the path is not UTF-8");
    };
    if path.contains(char::is_control) {
        return problem("there are control characters in the path");
    }
    Ok(path.trim_matches('/').to_owned())
}

/// Without login.
fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{}://{host}{}", url.scheme(), url.path())
}

fn connected(url: &Url, idle: Duration, watched: &Watched) -> Result<FtpStream, Error> {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = (host, url.port().unwrap_or(PORT)).to_socket_addrs();
    let addresses = addresses.map_err(|error| later(&error))?;
    let mut failure = Error::Url(format!("{}: the host has no address", shown(url)));
    for address in addresses {
        match open(address, url, idle, watched.clone()) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = said(error, idle),
        }
    }
    Err(failure)
}

fn open(
    address: SocketAddr,
    url: &Url,
    idle: Duration,
    watched: Watched,
) -> Result<FtpStream, FtpError> {
    let connect = move |address: SocketAddr| {
        let connect = || {
            let stream = TcpStream::connect_timeout(&address, idle)?;
            stream.set_read_timeout(Some(idle))?;
            stream.set_write_timeout(Some(idle))?;
            watched.add(&stream)?;
            Ok(stream)
        };
        connect().map_err(FtpError::ConnectionError)
    };
    let mut stream = FtpStream::connect_with_stream(connect(address)?)?
        // The data come from the host that we talk to, whatever address it names.
        .passive_stream_builder(move |other| connect(SocketAddr::new(address.ip(), other.port())));
    stream.set_passive_nat_workaround(true);
    if address.is_ipv6() {
        stream.set_mode(Mode::ExtendedPassive);
    }
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    match url.username() {
        "" => stream.login(VISITOR.0, VISITOR.1)?,
        user => stream.login(decoded(user), decoded(url.password().unwrap_or_default()))?,
    }
    Ok(stream)
}

fn later(error: &std::io::Error) -> Error {
    Error::Later {
        reason: error.to_string(),
        after: None,
    }
}

/// What a failure means (RFC 959, 4.2).
fn said(error: FtpError, idle: Duration) -> Error {
    match error {
        FtpError::ConnectionError(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::Silent(idle),
            ErrorKind::UnexpectedEof => Error::Ended,
            ErrorKind::InvalidInput | ErrorKind::InvalidData => Error::Server(error.to_string()),
            _ => later(&error),
        },
        FtpError::UnexpectedResponse(response) => {
            let text = String::from_utf8_lossy(&response.body);
            let line = text.lines().next().unwrap_or_default().trim();
            let line: String = line.chars().filter(|c| !c.is_control()).take(300).collect();
            match response.status.code() {
                530 | 532 => Error::Denied(line),
                421 | 425 | 426 => Error::Later {
                    reason: line,
                    after: None,
                },
                _ => Error::Server(line),
            }
        }
        error => Error::Server(error.to_string()),
    }
}
