//! What a new site is called and where it is: from options, from what is there, or by asking.

use super::Arguments;
use super::provision::Plan;
use crate::error::Failure;
use crate::session::{Session, read_connection};
use pg::Connection;
use sha2::{Digest, Sha256};
use std::fmt::Display;
use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest that one statement may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everything that is to be known.
pub struct Answers {
    pub server_name: String,
    pub tree: PathBuf,
    pub instance: String,
    pub host: String,
    pub port: u16,
    pub city_db: PathBuf,
    pub plan: Plan,
}

impl Answers {
    pub fn of(arguments: &Arguments, session: &mut Session) -> Result<Self, Failure> {
        let is_new = !session.config_path().exists();
        let known = if is_new {
            None
        } else {
            Some(Known::of(arguments, session)?)
        };
        let server_name = match &arguments.server_name {
            Some(name) => name.clone(),
            None => ask(
                session,
                "Name of the site, as in download.example.org",
                "--server-name",
            )?,
        };
        check_server_name(&server_name)?;
        let tree = match (&arguments.tree, known.as_ref().and_then(|k| k.tree.clone())) {
            (Some(tree), _) => tree.clone(),
            (None, Some(tree)) => tree,
            (None, None) => ask(session, "Directory of the files", "--tree")?.into(),
        };
        let tree = check_tree(&tree)?;
        let password = match (&known, &arguments.password_file) {
            (Some(known), _) => known.access.password.clone(),
            (None, Some(file)) => read_password(file)?,
            (None, None) => new_password()?,
        };
        let knows_password = known.is_some() || arguments.password_file.is_some();
        let access = known.as_ref().map(|known| &known.access);
        let text = |option, given: &Option<String>, there: Option<&String>, default: &str| {
            agreed(option, given.clone(), there.cloned(), default.to_owned())
        };
        let (dbuser, dbname) = (&arguments.dbuser, &arguments.dbname);
        let role = text("--dbuser", dbuser, access.map(|a| &a.user), "mirrorbrain")?;
        let database = text("--dbname", dbname, access.map(|a| &a.name), "mirrorbrain")?;
        let dbhost = &arguments.dbhost;
        let host = text("--dbhost", dbhost, access.map(|a| &a.host), "127.0.0.1")?;
        let port = agreed("--dbport", arguments.dbport, access.map(|a| a.port), 5432)?;
        Ok(Self {
            server_name,
            tree,
            instance: arguments.instance.clone(),
            host,
            port,
            city_db: known.map_or_else(|| site_config::CITY_DB.into(), |known| known.city_db),
            plan: Plan {
                web_role: format!("{role}_web"),
                web_password: web_password(&password),
                role,
                password,
                knows_password,
                database,
                port,
            },
        })
    }

    /// Whether the server is on this machine, as far as its name tells.
    pub fn is_local(&self) -> bool {
        let address: Option<IpAddr> = self.host.parse().ok();
        self.host == "localhost"
            || self.host.starts_with('/')
            || address.is_some_and(|address| address.is_loopback())
    }

    /// The database, as the role that owns it.
    pub fn connect(&self) -> Result<Connection, Failure> {
        let Plan {
            role,
            password,
            database,
            ..
        } = &self.plan;
        let params = params(&self.host, self.port, role, password, database);
        let info = read_connection(&params).map_err(|e| Failure::new(e.to_string()))?;
        Ok(Connection::open(&info, &[], PATIENCE)?)
    }
}

/// What an option says, else the file that is there, else what is usual. An option that would
/// change the file is refused: what is there stays.
fn agreed<T: PartialEq + Display>(
    option: &str,
    given: Option<T>,
    there: Option<T>,
    default: T,
) -> Result<T, Failure> {
    match (given, there) {
        (Some(given), Some(there)) if given != there => Err(Failure::new(format!(
            "{option} is {given}, but mirrorbrain.conf says {there}"
        ))
        .hint("leave the option out, change the file, or name another by --config")),
        (Some(value), _) | (None, Some(value)) => Ok(value),
        (None, None) => Ok(default),
    }
}

/// A connection string of libpq.
pub fn params(host: &str, port: u16, user: &str, password: &str, database: &str) -> String {
    let quoted = |value: &str| format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"));
    let (host, user, password, database) = (
        quoted(host),
        quoted(user),
        quoted(password),
        quoted(database),
    );
    format!("host={host} port={port} user={user} password={password} dbname={database}")
}

/// What the configuration file that is there says of the instance.
struct Known {
    access: site_config::DatabaseAccess,
    tree: Option<PathBuf>,
    city_db: PathBuf,
}

impl Known {
    fn of(arguments: &Arguments, session: &mut Session) -> Result<Self, Failure> {
        let path = session.config_path().display().to_string();
        let config = session.config()?;
        let instance = config
            .instance(Some(&arguments.instance))
            .map_err(|error| {
                Failure::new(format!("{path}: {error}")).hint(
                "--instance names one that is there; a further one is added to the file by hand",
            )
            })?;
        Ok(Self {
            access: instance.database.clone(),
            tree: instance.documentroot.clone(),
            city_db: config.city_db.clone(),
        })
    }
}

fn ask(session: &mut Session, question: &str, option: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new(format!("{option} is missing"))
            .hint("mb help init lists all options; on a terminal it asks"));
    }
    session.out.text(format_args!("{question}: "))?;
    session.out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim() {
        "" => Err(Failure::new(format!("no answer; {option} gives it, too"))),
        answer => Ok(answer.to_owned()),
    }
}

/// It goes into httpd's configuration.
fn check_server_name(name: &str) -> Result<(), Failure> {
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    if name.len() <= 253 && name.split('.').all(is_label) {
        return Ok(());
    }
    Err(Failure::new(format!("{name:?} is no name of a host")))
}

fn check_tree(tree: &Path) -> Result<PathBuf, Failure> {
    let failed = |reason: String| Failure::new(format!("{}: {reason}", tree.display()));
    let path = fs::canonicalize(tree).map_err(|e| {
        failed(e.to_string()).hint("make the directory of the files first, or name another one")
    })?;
    if !path.is_dir() {
        return Err(failed("not a directory".to_owned()));
    }
    // Neither file has a way to write these.
    if path
        .to_str()
        .is_none_or(|text| text.contains(['"', '\n', '$', '\\']))
    {
        return Err(failed(
            "httpd's configuration cannot name such a directory".to_owned(),
        ));
    }
    Ok(path)
}

fn read_password(file: &Path) -> Result<String, Failure> {
    let text =
        fs::read_to_string(file).map_err(|e| Failure::new(format!("{}: {e}", file.display())))?;
    match text.lines().next().map(str::trim_end) {
        Some(password) if !password.is_empty() => Ok(password.to_owned()),
        _ => Err(Failure::new(format!(
            "{}: there is no password in it",
            file.display()
        ))),
    }
}

/// 160 bits from the kernel.
fn new_password() -> Result<String, Failure> {
    let mut bytes = [0; 20];
    io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(hex::encode(bytes))
}

/// httpd's password follows from the owner's, so that a second call writes the same virtual host; the
/// other way round nothing follows.
fn web_password(password: &str) -> String {
    let digest = Sha256::new()
        .chain_update(password)
        .chain_update("\0httpd")
        .finalize();
    hex::encode(&digest[..20])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_hosts_are_told_from_other_text() {
        for good in ["localhost", "download.example.org", "a-1.b"] {
            assert!(check_server_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a..b", "a b", "a\nb", "http://a/", "a\"", "${x}"] {
            assert!(check_server_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_password_of_httpd_is_another_and_always_the_same() {
        assert_eq!(web_password("a"), web_password("a"));
        assert_ne!(web_password("a"), web_password("b"));
        assert_eq!(web_password("a").len(), 40);
    }
}
