//! Over rsync, by the program of the system.

use super::{FetchError, Found, LARGEST, LONGEST, PATIENCE, Wanted, read};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub(super) fn fetch(url: &str, wanted: Wanted) -> Result<Found, FetchError> {
    if wanted == Wanted::PRESENCE {
        let listing = run(url, None)?;
        // Directories are listed too, and are no files.
        let mut lines = listing.split(|byte| *byte == b'\n');
        return match lines.any(|line| line.starts_with(b"-")) {
            true => Ok(Found::default()),
            false => Err(FetchError::Rsync("no such file".to_owned())),
        };
    }
    let directory = tempfile::tempdir()?;
    let copy = directory.path().join("file");
    run(url, Some(&copy))?;
    Ok(read(File::open(copy)?, wanted, LONGEST)?)
}

/// Whether there is a file or directory of that name.
pub(super) fn exists(url: &str) -> bool {
    run(url, None).is_ok()
}

/// Lists a file, or copies it; what rsync prints.
fn run(url: &str, copy: Option<&Path>) -> Result<Vec<u8>, FetchError> {
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
    let limit = if copy.is_some() { LONGEST } else { LISTED };
    let output = finish(command.arg("--").arg(url).args(copy), limit)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().next().unwrap_or("failed");
    Err(FetchError::Rsync(line.to_owned()))
}

/// As much of a listing is looked at, in bytes. It is of one file or directory.
const LISTING: u64 = 64 << 20;

/// The longest that such a listing may take.
const LISTED: Duration = Duration::from_secs(120);

/// Runs a command to its end, or kills it when its time is over.
fn finish(command: &mut Command, limit: Duration) -> Result<Output, FetchError> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = child.stdout.take().map(|pipe| thread::spawn(|| text(pipe)));
    let stderr = child.stderr.take().map(|pipe| thread::spawn(|| text(pipe)));
    let end = Instant::now() + limit;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            return Err(FetchError::Rsync("it does not come to an end".to_owned()));
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

/// What comes out of a pipe, as much as is looked at.
fn text(mut pipe: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    pipe.by_ref().take(LISTING).read_to_end(&mut text)?;
    // Or the program would wait for somebody who reads on.
    io::copy(&mut pipe, &mut io::sink())?;
    Ok(text)
}

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
        let ended = finish(Command::new("yes").arg("x"), Duration::from_millis(100));
        assert!(ended.is_err_and(|e| e.to_string() == "rsync: it does not come to an end"));
        assert!(start.elapsed() < Duration::from_secs(20));
        let output = finish(Command::new("echo").arg("x"), LISTED).unwrap();
        assert_eq!(output.stdout, b"x\n");
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
