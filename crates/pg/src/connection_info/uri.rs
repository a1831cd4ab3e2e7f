//! The URI form: `postgresql://user:password@host:port,host2/dbname?key=value&...`.

use super::ConnectionInfoError;
use super::key_value::Pairs;
use percent_encoding::percent_decode_str;

/// The part behind the scheme, or nothing if this is not a connection URI.
pub(super) fn strip_scheme(text: &str) -> Option<&str> {
    text.strip_prefix("postgresql://")
        .or_else(|| text.strip_prefix("postgres://"))
}

/// A separator at the wrong place. `always`: there is no way to read that as it stands.
pub(super) struct Misplaced {
    pub error: ConnectionInfoError,
    pub always: bool,
}

/// Looks for signs that user name or password hold a separator that should have been encoded: then
/// a piece of the password is taken for a host, a port or a parameter.
pub(super) fn check_separators(rest: &str) -> Result<(), Misplaced> {
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let count = authority.matches('@').count();
    if count <= 1 && rest.matches('@').count() == count {
        return Ok(());
    }
    Err(Misplaced {
        error: ConnectionInfoError::new(
            "an \"@\" stands where no host follows; write \"@\", \"/\" and \"?\" in user name and \
             password as %40, %2F and %3F",
        ),
        always: count > 1,
    })
}

/// Reads what follows the scheme. Every component is optional and percent-encoded (RFC 3986).
pub(super) fn parse(rest: &str) -> Result<Pairs, ConnectionInfoError> {
    let mut pairs = Pairs::new();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, dbname) = rest.split_once('/').unwrap_or((rest, ""));
    let hosts = match authority.split_once('@') {
        Some((user, hosts)) => {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            push(&mut pairs, "user", user)?;
            push(&mut pairs, "password", password)?;
            hosts
        }
        None => authority,
    };
    parse_hosts(&mut pairs, hosts)?;
    push(&mut pairs, "dbname", dbname)?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(ConnectionInfoError::new(
                "a URI query parameter has no \"=\"",
            ));
        };
        let (key, value) = (decode(key, "a URI query parameter")?, decode(value, key)?);
        match (key.as_str(), value.as_str()) {
            // JDBC's spelling, which libpq takes in URIs
            ("ssl", "true") => pairs.push(("sslmode".into(), "require".into())),
            _ => pairs.push((key, value)),
        }
    }
    Ok(pairs)
}

fn parse_hosts(pairs: &mut Pairs, hosts: &str) -> Result<(), ConnectionInfoError> {
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            Some(v6) => {
                let Some((address, after)) = v6.split_once(']') else {
                    return Err(ConnectionInfoError::new(
                        "an IPv6 address in the URI lacks its \"]\"",
                    ));
                };
                let port = match after.strip_prefix(':') {
                    Some(port) => port,
                    None if after.is_empty() => "",
                    None => {
                        return Err(ConnectionInfoError::new(
                            "only \":\" and a port may follow the \"]\" of an IPv6 address",
                        ));
                    }
                };
                (address, port)
            }
            None => host.split_once(':').unwrap_or((host, "")),
        };
        names.push(decode(name, "host")?);
        ports.push(decode(port, "port")?);
    }
    for (key, list) in [("host", names), ("port", ports)] {
        if list.iter().any(|item| !item.is_empty()) {
            pairs.push((key.to_owned(), list.join(",")));
        }
    }
    Ok(())
}

fn push(pairs: &mut Pairs, key: &str, raw: &str) -> Result<(), ConnectionInfoError> {
    if !raw.is_empty() {
        pairs.push((key.to_owned(), decode(raw, key)?));
    }
    Ok(())
}

/// Strict: a `%` must be followed by two hex digits, as in libpq.
fn decode(raw: &str, what: &str) -> Result<String, ConnectionInfoError> {
    let bad = |problem: &str| ConnectionInfoError::new(format!("{what} has {problem}"));
    for (at, _) in raw.match_indices('%') {
        let digits = raw.as_bytes().get(at + 1..at + 3);
        if !digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)) {
            return Err(bad("a \"%\" without two hex digits"));
        }
    }
    match percent_decode_str(raw).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(bad("bytes that are not UTF-8")),
    }
}
