//! Over rsync, by the program of the system.

use super::{FetchError, Found, LARGEST, PATIENCE, Wanted, read};
use nix::sys::signal::{Signal, kill};
use nix::sys::statvfs::statvfs;
use nix::unistd::Pid;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub(super) fn fetch(url: &str, wanted: Wanted, limit: Duration) -> Result<Found, FetchError> {
    let end = Instant::now() + limit;
    if wanted == Wanted::PRESENCE {
        let listing = run(url, None, limit)?;
        // Directories are listed too, and are no files.
        let mut lines = listing.split(|byte| *byte == b'\n');
        return match lines.any(|line| line.starts_with(b"-")) {
            true => Ok(Found::default()),
            false => Err(FetchError::Rsync("no such file".to_owned())),
        };
    }
    let directory = tempfile::tempdir()?;
    let copy = directory.path().join("file");
    run(url, Some(&copy), limit)?;
    let file = match File::open(&copy) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(FetchError::Rsync("no such file, or too large".to_owned()));
        }
        file => file?,
    };
    Ok(read(
        file,
        wanted,
        end.saturating_duration_since(Instant::now()),
    )?)
}

/// Whether there is a file or directory of that name.
pub(super) fn exists(url: &str, limit: Duration) -> bool {
    run(url, None, limit).is_ok()
}

/// Lists a file, or copies it; what rsync prints.
fn run(url: &str, copy: Option<&Path>, limit: Duration) -> Result<Vec<u8>, FetchError> {
    let (url, password) = without_password(url);
    let seconds = PATIENCE.as_secs();
    let mut command = Command::new("rsync");
    command
        .env("LC_ALL", "C")
        .args(["--no-motd", "--no-human-readable"])
        .arg(format!("--timeout={seconds}"))
        .arg(format!("--contimeout={seconds}"))
        .arg(if copy.is_some() {
            "--copy-links"
        } else {
            "--list-only"
        })
        .arg(format!("--max-size={LARGEST}"))
        .stdin(Stdio::null());
    if let Some(password) = password {
        command.env("RSYNC_PASSWORD", password);
    }
    let bounds = Bounds {
        limit,
        room: copy.and_then(Path::parent),
        reserve: RESERVE,
    };
    let output = finish(command.arg("--").arg(url).args(copy), bounds)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().next().unwrap_or("failed");
    Err(FetchError::Rsync(line.to_owned()))
}

/// As much of a listing is looked at, in bytes. It is of one file or directory.
const LISTING: u64 = 64 << 20;

/// The part of a disk that copies leave free, as one of so many: others live there, too.
const RESERVE: u64 = 20;

/// How far a program may go.
#[derive(Clone, Copy)]
struct Bounds<'a> {
    limit: Duration,
    /// A directory that it writes to.
    room: Option<&'a Path>,
    reserve: u64,
}

impl Bounds<'_> {
    /// Whether the disk has less room than it is to have.
    fn is_full(self) -> bool {
        let disk = self.room.and_then(|directory| statvfs(directory).ok());
        disk.is_some_and(|disk| disk.blocks_available() < disk.blocks() / self.reserve)
    }
}

/// Runs a command to its end, or ends it where it goes too far.
fn finish(command: &mut Command, bounds: Bounds<'_>) -> Result<Output, FetchError> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().map(|pipe| thread::spawn(|| text(pipe)));
    let stderr = child.stderr.take().map(|pipe| thread::spawn(|| text(pipe)));
    let end = Instant::now() + bounds.limit;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let problem = if Instant::now() >= end {
            Some(FetchError::TooLong(bounds.limit))
        } else if bounds.is_full() {
            let problem = "too large for the disk of TMPDIR";
            Some(FetchError::Rsync(problem.to_owned()))
        } else {
            None
        };
        if let Some(problem) = problem {
            stop(&mut child)?;
            return Err(problem);
        }
        thread::sleep(TICK);
    };
    let text = |reader: Option<thread::JoinHandle<io::Result<Vec<u8>>>>| {
        let text = reader.and_then(|reader| reader.join().ok());
        text.transpose().map(Option::unwrap_or_default)
    };
    Ok(Output {
        status,
        stdout: text(stdout)?,
        stderr: text(stderr)?,
    })
}

/// rsync is two processes, of which the first ends the other if it is asked to end; if killed it cannot.
fn stop(child: &mut Child) -> io::Result<()> {
    if let Ok(id) = i32::try_from(child.id()) {
        // One that has ended just now is waited for below.
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
    }
    let end = Instant::now() + GRACE;
    while child.try_wait()?.is_none() {
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            break;
        }
        thread::sleep(TICK);
    }
    Ok(())
}

/// What comes out of a pipe, as much as is looked at.
fn text(mut pipe: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    pipe.by_ref().take(LISTING).read_to_end(&mut text)?;
    // Or the program would wait for somebody who reads on.
    io::copy(&mut pipe, &mut io::sink())?;
    Ok(text)
}

/// How long a program that was asked to end may take to do so.
const GRACE: Duration = Duration::from_secs(2);

/// How often a program is looked at.
const TICK: Duration = Duration::from_millis(10);

/// rsync takes no password in a URL, and one among its arguments would be seen by everybody.
fn without_password(url: &str) -> (String, Option<String>) {
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), url),
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    match host
        .rsplit_once('@')
        .and_then(|(login, host)| Some((login.split_once(':')?, host)))
    {
        Some(((user, password), host)) => {
            let password = Some(password.to_owned());
            (format!("{scheme}{user}@{host}{path}"), password)
        }
        None => (url.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let start = Instant::now();
        let bounds = |milliseconds| Bounds {
            limit: Duration::from_millis(milliseconds),
            room: None,
            reserve: RESERVE,
        };
        let ended = finish(Command::new("yes").arg("x"), bounds(100));
        assert!(ended.is_err_and(|e| e.to_string() == "no end after 0.1 s"));
        // Nor one that does not want to end.
        let stubborn = "trap '' TERM; while :; do sleep 0.1; done";
        let ended = finish(Command::new("sh").args(["-c", stubborn]), bounds(100));
        assert!(ended.is_err());
        assert!(start.elapsed() < Duration::from_secs(20));
        let output = finish(Command::new("echo").arg("x"), bounds(60_000)).unwrap();
        assert_eq!(output.stdout, b"x\n");
    }

    #[test]
    fn a_copy_leaves_room_on_the_disk() {
        let directory = tempfile::tempdir().unwrap();
        let bounds = Bounds {
            limit: Duration::from_secs(60),
            room: Some(directory.path()),
            // All of it.
            reserve: 1,
        };
        let ended = finish(Command::new("sleep").arg("50"), bounds);
        assert!(ended.is_err_and(|e| e.to_string().contains("too large for the disk")));
    }

    #[test]
    fn a_password_is_not_among_the_arguments() {
        for (url, clean, password) in [
            (
                "rsync://u:p@h:873/m/f@x:y",
                "rsync://u@h:873/m/f@x:y",
                Some("p"),
            ),
            ("u:p:q@h::m/f", "u@h::m/f", Some("p:q")),
            ("rsync://u@h/m", "rsync://u@h/m", None),
            (
                "rsync://[2001:db8::1]:873/m",
                "rsync://[2001:db8::1]:873/m",
                None,
            ),
        ] {
            assert_eq!(
                without_password(url),
                (clean.to_owned(), password.map(str::to_owned))
            );
        }
    }
}
