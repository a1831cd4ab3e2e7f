//! libpq's service files: parameters of a connection under a name.
//!
//! Reference: PostgreSQL documentation, "The Connection Service File".

use super::ConnectionInfoError;
use super::key_value::Pairs;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Where the system's file is: on Debian and where PostgreSQL comes from its project, on Fedora and RHEL,
/// and where it was built by hand.
const SYSTEM: &[&str] = &[
    "/etc/postgresql-common",
    "/etc/sysconfig/pgsql",
    "/usr/local/pgsql/etc",
];

/// What no such file has.
const LONGEST: u64 = 1 << 20;

/// The parameters of a service, from the first file that has it: the one that is named (`servicefile`,
/// `PGSERVICEFILE`) or `~/.pg_service.conf`, then `pg_service.conf` of the system. Messages hold no line of
/// a file: it may be a password.
pub(super) fn parameters(
    service: &str,
    named: Option<String>,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Pairs, ConnectionInfoError> {
    let unknown = || ConnectionInfoError::new(format!("there is no service \"{service}\""));
    if let Some(file) = named.filter(|file| !file.is_empty()) {
        let text = read(Path::new(&file)).map_err(|error| {
            ConnectionInfoError::new(format!("the service file {file} cannot be read: {error}"))
        })?;
        if let Some(pairs) = find(&text, service, Path::new(&file))? {
            return Ok(pairs);
        }
    } else if let Some(home) = environment("HOME") {
        let file = Path::new(&home).join(".pg_service.conf");
        if let Ok(text) = read(&file)
            && let Some(pairs) = find(&text, service, &file)?
        {
            return Ok(pairs);
        }
    }
    let directories: Vec<PathBuf> = match environment("PGSYSCONFDIR") {
        Some(directory) => vec![directory.into()],
        None => SYSTEM.iter().map(PathBuf::from).collect(),
    };
    for file in directories.iter().map(|dir| dir.join("pg_service.conf")) {
        if let Ok(text) = read(&file) {
            return find(&text, service, &file)?.ok_or_else(unknown);
        }
    }
    Err(unknown())
}

fn read(file: &Path) -> io::Result<String> {
    let file = File::open(file)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// The parameters below `[service]`. The first of a repeated one counts.
fn find(text: &str, service: &str, file: &Path) -> Result<Option<Pairs>, ConnectionInfoError> {
    let mut found: Option<Pairs> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if rest.strip_suffix(']') == Some(service) {
                found = Some(Pairs::new());
            }
            continue;
        }
        let Some(pairs) = &mut found else { continue };
        let problem = |what: &str| {
            let place = format!("line {number} of the service file {}", file.display());
            ConnectionInfoError::new(format!("{place} {what}"))
        };
        match line.split_once('=') {
            Some(("service" | "servicefile", _)) => return Err(problem("names another service")),
            Some((key, value)) => {
                if !pairs.iter().any(|(given, _)| given == key) {
                    pairs.push((key.to_owned(), value.to_owned()));
                }
            }
            None => return Err(problem("has no \"=\"")),
        }
    }
    Ok(found)
}
