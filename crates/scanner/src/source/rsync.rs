//! rsync, by the program of the system.

mod greeting;

use super::{Request, Settings};
use mirror_files::{Entry, Error, Kind, Listing, Size, Time, Unread};
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// Bytes that a pipe holds.
const PIPE: usize = 1 << 16;

/// rsync writes line by line. Whoever waits for a line is woken for each, a million times, which takes a third of
/// the time of a listing; so more lines are let come first.
struct Unhurried<R>(R);

impl<R: Read> Read for Unhurried<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(1));
        self.0.read(buffer)
    }
}

/// Could not start to talk to the server.
const NO_START: i32 = 5;

pub(super) fn list(
    settings: &Settings,
    url: &str,
    request: &Request<'_>,
    sink: &mut dyn FnMut(Entry) -> ControlFlow<()>,
) -> Result<Listing, Error> {
    let target = Target::parse(url).ok_or(Error::Ended)?;
    match run(settings, &target, request, sink) {
        Err(Some(NO_START))
            if greeting::is_refused(&target.host, target.port, settings.patience) =>
        {
            let port = greeting::relay(&target.host, target.port, settings.patience)
                .map_err(|_| Error::Ended)?;
            let host = "127.0.0.1".to_owned();
            let relayed = Target {
                host,
                port,
                ..target
            };
            run(settings, &relayed, request, sink).map_err(|_| Error::Ended)
        }
        result => result.map_err(|_| Error::Ended),
    }
}

/// A place on a server.
struct Target {
    user: Option<String>,
    password: Option<String>,
    host: String,
    port: u16,
    path: String,
}

impl Target {
    fn parse(url: &str) -> Option<Self> {
        let (authority, path) = match url.split_once("://") {
            Some((_, rest)) => rest.split_once('/')?,
            None => match url.split_once("::") {
                Some(parts) => parts,
                None => url.split_once('/')?,
            },
        };
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, authority),
        };
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, "")))
        {
            Some((user, password)) => (
                Some(user.to_owned()),
                Some(password.to_owned()).filter(|p| !p.is_empty()),
            ),
            None => (None, None),
        };
        let (host, port) = match place
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
        {
            Some((host, port)) => (host, port.strip_prefix(':')),
            None => match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            },
        };
        Some(Self {
            user,
            password,
            host: host.to_owned(),
            port: match port {
                Some(port) => port.parse().ok()?,
                None => 873,
            },
            path: path.trim_matches('/').to_owned(),
        })
    }

    fn url(&self, subtree: &str) -> String {
        let user = self
            .user
            .as_deref()
            .map(|user| format!("{user}@"))
            .unwrap_or_default();
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        let subtree = match subtree {
            "" => String::new(),
            subtree => format!("{subtree}/"),
        };
        format!("rsync://{user}{host}:{}/{}/{subtree}", self.port, self.path)
    }
}

fn run(
    settings: &Settings,
    target: &Target,
    request: &Request<'_>,
    sink: &mut dyn FnMut(Entry) -> ControlFlow<()>,
) -> Result<Listing, Option<i32>> {
    let seconds = settings.patience.as_secs().max(1);
    let mut command = Command::new("rsync");
    command.env("LC_ALL", "C").env("TZ", "UTC");
    command.args(["--list-only", "-r", "--no-h", "-8", "--no-motd"]);
    command
        .arg(format!("--timeout={seconds}"))
        .arg(format!("--contimeout={seconds}"));
    if let Some(password) = &target.password {
        command.env("RSYNC_PASSWORD", password);
    }
    if request.subtree.is_empty() && !request.rules.top_include.is_empty() {
        for pattern in &request.rules.top_include {
            command.arg(format!("--include=/{}", pattern.text));
        }
        command.arg("--exclude=/*");
    }
    for pattern in &request.rules.exclude_rsync {
        command.arg(format!("--exclude={pattern}"));
    }
    let mut child = command
        .arg("--")
        .arg(target.url(request.subtree))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|_| None)?;
    let out = Unhurried(child.stdout.take().ok_or(None)?);
    let mut out = BufReader::with_capacity(PIPE, out);
    let mut listing = Listing::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = out.read_until(b'\n', &mut line).map_err(|_| None)?;
        if length == 0 {
            break;
        }
        listing.bytes += length as u64;
        let Some(entry) = entry(&line, request.subtree) else {
            continue;
        };
        listing.entries += 1;
        if sink(entry).is_break() {
            let _ = child.kill();
            break;
        }
    }
    let status = child.wait().map_err(|_| None)?;
    if !status.success() {
        if listing.entries == 0 {
            return Err(status.code());
        }
        listing.unread.push(Unread {
            path: String::new(),
            error: Error::Ended,
        });
    }
    Ok(listing)
}

fn entry(line: &[u8], subtree: &str) -> Option<Entry> {
    let line = std::str::from_utf8(line).ok()?.trim_end_matches('\n');
    let kind = match line.as_bytes().first()? {
        b'-' => Kind::File,
        b'd' => Kind::Directory,
        b'l' => Kind::Symlink,
        _ => Kind::Other,
    };
    if kind == Kind::File && line.as_bytes().get(7) != Some(&b'r') {
        return None;
    }
    let rest = line.get(10..)?.trim_start();
    let (size, rest) = rest.split_once(' ')?;
    let size = size.parse().ok()?;
    let mtime = time(rest.get(..19)?)?;
    let name = rest.get(20..)?;
    if name == "." {
        return None;
    }
    let path = if subtree.is_empty() {
        name.to_owned()
    } else {
        format!("{subtree}/{name}")
    };
    Some(Entry {
        path,
        kind,
        size: Size::Exact(size),
        mtime: Time::Exact(mtime),
    })
}

fn time(t: &str) -> Option<i64> {
    let n = |r: std::ops::Range<usize>| t.get(r)?.parse::<i64>().ok();
    let (y, m, d) = (n(0..4)?, n(5..7)?, n(8..10)?);
    let (y2, m2) = if m <= 2 { (y - 1, m + 9) } else { (y, m - 3) };
    let era = y2.div_euclid(400);
    let yoe = y2 - era * 400;
    let doy = (153 * m2 + 2) / 5 + d - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    let days = era * 146097 + doe - 719468;
    Some(days * 86400 + n(11..13)? * 3600 + n(14..16)? * 60 + n(17..19)?)
}
