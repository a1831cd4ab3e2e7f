//! What it means how the program ended.

use std::process::ExitStatus;

use crate::Error;

/// The longest reason, in characters.
const LONGEST: usize = 300;

/// What rsync's exit status (rsync(1), "EXIT VALUES") and its words mean.
pub(super) fn of(status: ExitStatus, said: &[u8]) -> Result<(), Error> {
    if status.success() {
        return Ok(());
    }
    let reason = reason(said);
    let Some(code) = status.code() else {
        return Err(Error::Ended);
    };
    let or = |text: &str| match reason.is_empty() {
        true => format!("{text} (rsync ended with status {code})"),
        false => reason.clone(),
    };
    let later = |text: &str| Error::Later {
        reason: or(text),
        after: None,
    };
    let has = |text: &str| reason.contains(text);
    Err(match code {
        5 if has("max connections") => later("the server has too many visitors"),
        5 if has("auth failed") => Error::Denied(or("the server wants a login")),
        5 if has("Unknown module") => Error::Gone(or("there is no such module")),
        10 => later("the connection failed"),
        12 => later("the connection broke"),
        30 | 35 => later("the server said nothing for too long"),
        23 if has("No such file or directory (2)") => Error::Gone(or("there is no such directory")),
        23 => Error::Server(or("parts could not be read")),
        24 => Error::Server(or("files vanished meanwhile")),
        _ => Error::Server(or("the server refused")),
    })
}

/// The line that tells most: what the server says, else the first one of the program.
fn reason(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines()
        .find_map(|line| line.strip_prefix("@ERROR: "))
        .or_else(|| lines().find_map(|line| line.strip_prefix("rsync: ")))
        .or_else(|| lines().next())
        .unwrap_or_default();
    line.chars()
        .filter(|letter| !letter.is_control())
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    fn ended(code: i32, said: &str) -> Error {
        of(ExitStatus::from_raw(code << 8), said.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_may_go_away_is_told_from_what_will_not() {
        let full = ended(
            5,
            "@ERROR: max connections (1) reached -- try again later\nrsync error: x\n",
        );
        assert!(full.is_temporary());
        assert_eq!(
            full.to_string(),
            "max connections (1) reached -- try again later"
        );
        for code in [10, 12, 30, 35] {
            assert!(ended(code, "").is_temporary(), "{code}");
        }
        for code in [1, 2, 4, 5, 23, 24] {
            assert!(!ended(code, "rsync: x\n").is_temporary(), "{code}");
        }
        assert!(matches!(
            ended(5, "@ERROR: auth failed on module m\n"),
            Error::Denied(_)
        ));
        assert!(matches!(
            ended(5, "@ERROR: Unknown module 'm'\n"),
            Error::Gone(_)
        ));
        assert!(of(ExitStatus::from_raw(9), b"").unwrap_err().is_temporary());
        assert!(of(ExitStatus::from_raw(0), b"x").is_ok());
    }

    #[test]
    fn reasons_are_one_short_line() {
        let said = format!("\n\nrsync: \u{1b}[31m{}\nmore\n", "x".repeat(10_000));
        let error = ended(1, &said).to_string();
        assert!(
            error.starts_with("[31mxxx") && error.len() <= LONGEST,
            "{error}"
        );
        assert_eq!(
            ended(12, "").to_string(),
            "the connection broke (rsync ended with status 12)"
        );
    }
}
