//! Over rsync, by the program of the system.

use super::{FetchError, Found, PATIENCE, Wanted, read};
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

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
    Ok(read(File::open(copy)?, wanted)?)
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
        .stdin(Stdio::null());
    if let Some(password) = password {
        command.env("RSYNC_PASSWORD", password);
    }
    let output = command.arg("--").arg(url).args(copy).output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().next().unwrap_or("failed");
    Err(FetchError::Rsync(line.to_owned()))
}

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
