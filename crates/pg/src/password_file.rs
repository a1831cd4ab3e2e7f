//! libpq's password file: lines `host:port:database:user:password`, `*` matches anything.

use crate::connection_info::{ConnectionInfo, Endpoint};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;

/// The password for this server, or why there is none: as in libpq that is no error until the server
/// asks for one, and a file that others can read is not used.
pub(crate) fn password(
    info: &ConnectionInfo,
    endpoint: &Endpoint,
    dbname: &str,
    user: &str,
) -> Result<String, String> {
    let Some(path) = info
        .passfile
        .clone()
        .or_else(|| Some(info.home.as_ref()?.join(".pgpass")))
    else {
        return Err("but neither password nor passfile is given".to_owned());
    };
    let file = path.display();
    let unreadable = |error: io::Error| {
        let us = whoami::username().unwrap_or_else(|_| "?".to_owned());
        format!("but none is given and {file} cannot be read as user {us}: {error}")
    };
    let metadata = fs::metadata(&path).map_err(unreadable)?;
    let mode = metadata.permissions().mode() & 0o777;
    if !metadata.is_file() {
        return Err(format!("but none is given and {file} is no file"));
    }
    if mode & 0o077 != 0 {
        return Err(format!(
            "but none is given and {file} is not used: others have access to it (mode {mode:04o}), \
             chmod 0600 mends that"
        ));
    }
    let text = fs::read_to_string(&path).map_err(unreadable)?;
    // The default socket goes by the name localhost.
    let host = match endpoint.host.as_str() {
        "/var/run/postgresql" => "localhost",
        host => host,
    };
    let port = endpoint.port.to_string();
    find(&text, [host, port.as_str(), dbname, user]).ok_or_else(|| {
        format!("but none is given and {file} has no line for {host}:{port}:{dbname}:{user}")
    })
}

/// The first line that matches counts. A backslash takes the next character as it is.
fn find(text: &str, wanted: [&str; 4]) -> Option<String> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let mut rest = line;
            for want in wanted {
                let (field, escaped, after) = field(rest, true)?;
                if field != want && (escaped || field != "*") {
                    return None;
                }
                rest = after;
            }
            field(rest, false)
                .map(|(password, _, _)| password)
                .filter(|p| !p.is_empty())
        })
}

/// One field without its escapes, whether it had any, and what follows its colon.
fn field(text: &str, needs_colon: bool) -> Option<(String, bool, &str)> {
    let mut field = String::new();
    let mut escaped = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            ':' if needs_colon => return Some((field, escaped, text.get(at + 1..)?)),
            '\\' => {
                escaped = true;
                field.extend(chars.next().map(|(_, c)| c));
            }
            c => field.push(c),
        }
    }
    (!needs_colon).then_some((field, escaped, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "# comment\nh\\:1:5432:mb:me:se\\:cr\\\\et\nh:*:*:me:any:thing\n*:1:\\*:me:star\n";

    #[test]
    fn the_first_line_that_matches_counts() {
        let find = |wanted| find(FILE, wanted);
        assert_eq!(
            find(["h:1", "5432", "mb", "me"]).as_deref(),
            Some("se:cr\\et")
        );
        assert_eq!(find(["h", "1", "x", "me"]).as_deref(), Some("any:thing"));
        assert_eq!(find(["h", "1", "x", "you"]), None);
    }

    #[test]
    fn an_escaped_star_is_a_star() {
        assert_eq!(find(FILE, ["x", "1", "*", "me"]).as_deref(), Some("star"));
        assert_eq!(find(FILE, ["x", "1", "db", "me"]), None);
    }
}
