#![forbid(unsafe_code)]
//! `mirrorbrain.conf` as typed values.
//!
//! ```
//! let text = "[general]\n\
//!             instances = main\n\
//!             [main]\n\
//!             dbuser = mirrorbrain\n\
//!             dbpass = secret\n\
//!             dbhost = localhost\n\
//!             dbname = mirrorbrain\n";
//! let config = site_config::SiteConfig::parse(text)?;
//! let instance = config.instance(None)?;
//! assert_eq!((&*instance.name, instance.database.port), ("main", 5432));
//! # Ok::<(), site_config::ConfigError>(())
//! ```

pub mod ini;
mod keys;
mod section;
#[cfg(test)]
mod tests;

use ini::{Ini, SyntaxError};
use keys::Unknown;
use section::Section;
use std::path::PathBuf;

/// Where the file is, unless somebody says otherwise.
pub const DEFAULT_PATH: &str = "/etc/mirrorbrain.conf";

/// Where GeoLite2's file of cities is, unless the file says otherwise.
pub const CITY_DB: &str = "/var/lib/GeoIP/GeoLite2-City.mmdb";

/// zsync's blocks have 2048 or 4096 bytes, and pieces are made of whole blocks.
const ZSYNC_BLOCK: u32 = 4096;

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be parsed.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// There is no section of this name.
    #[error("there is no section [{0}]")]
    NoSection(String),
    /// `instances` is empty.
    #[error("[general] instances names no instance")]
    NoInstance,
    /// An instance that is not in `instances`.
    #[error("there is no instance \"{name}\"; there is {}", known.join(", "))]
    UnknownInstance {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A key that must be there is not.
    #[error("[{section}] has no {key}")]
    Missing {
        /// Where it belongs.
        section: String,
        /// What is missing.
        key: &'static str,
    },
    /// A value that the key cannot have.
    #[error("line {line}: {key} = {value} in [{section}] is not {wanted}")]
    Value {
        /// Counted from 1.
        line: usize,
        /// Where it stands.
        section: String,
        /// What it is for.
        key: &'static str,
        /// What was given.
        value: String,
        /// What could be given.
        wanted: &'static str,
    },
}

/// The file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteConfig {
    /// The instances, in the order of the file; the first one is the default. One that is named
    /// twice is there twice.
    pub instances: Vec<Instance>,
    /// `maxmind_city_db`: where addresses are.
    pub city_db: PathBuf,
    /// `maxmind_asn_db`: what networks they belong to, where no table `pfx2asn` says so.
    pub asn_db: Option<PathBuf>,
    /// The section `[mirrorprobe]`.
    pub probe: Probe,
    /// What the file has and nobody asks for: one sentence each.
    pub warnings: Vec<String>,
}

/// One MirrorBrain of the machine: a tree, and a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its section.
    pub name: String,
    /// Where its database is.
    pub database: DatabaseAccess,
    /// `scan_top_include`: what is scanned at the top of mirrors; empty for all.
    pub scan_top_include: Vec<String>,
    /// `scan_exclude`: what is left out, as regular expressions.
    pub scan_exclude: Vec<String>,
    /// `scan_exclude_rsync`: what is left out, as rsync's patterns.
    pub scan_exclude_rsync: Vec<String>,
    /// `scan_origin`: where the tree is that mirrors should have, a directory or a URL of rsync; else it is the
    /// `apache_documentroot`.
    pub scan_origin: Option<String>,
    /// `scan_interval`: minutes after which a mirror is due again.
    pub scan_interval: u32,
    /// `scan_timeout`: seconds that a server may say nothing.
    pub scan_timeout: u32,
    /// `scan_tolerance`: seconds that times of copies may differ.
    pub scan_tolerance: i64,
    /// `scan_exact_times`: whether copies that are newer are wrong, too.
    pub scan_exact_times: bool,
    /// `scan_removal_percent`: the share of a mirror's files that may go at once; a third if it is not there.
    pub scan_removal_percent: Option<u8>,
    /// `scan_removal_files`: the number of files that may always go at once.
    pub scan_removal_files: u64,
    /// `allow_outdated`: regular expressions, each with the minutes behind it that copies of such paths may be
    /// older.
    pub allow_outdated: Vec<String>,
    /// `chunked_hashes`: whether files are hashed in pieces too.
    pub chunked_hashes: bool,
    /// `chunk_size`: bytes of a piece.
    pub chunk_size: u32,
    /// `zsync_hashes`: whether zsync's sums are made.
    pub zsync_hashes: bool,
    /// `apache_documentroot`: the tree.
    pub documentroot: Option<PathBuf>,
}

/// How to get into a database.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseAccess {
    /// A name, an address, or the directory of a Unix socket.
    pub host: String,
    /// The TCP port, or the ending of the socket.
    pub port: u16,
    /// The role.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The database.
    pub name: String,
}

/// Never shows the password.
impl std::fmt::Debug for DatabaseAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            host,
            port,
            user,
            name,
            ..
        } = self;
        write!(f, "DatabaseAccess({user}@{host}:{port}/{name})")
    }
}

/// The section `[mirrorprobe]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Where it writes what happened.
    pub logfile: PathBuf,
    /// `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`.
    pub loglevel: String,
    /// Who gets mail.
    pub mailto: String,
}

impl SiteConfig {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// The first thing in it that cannot be.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let ini = Ini::parse(text)?;
        let general = Section::required(&ini, "general")?;
        let names = words(general.required_text("instances")?, |c| c == ',');
        if names.is_empty() {
            return Err(ConfigError::NoInstance);
        }
        let instances = names
            .iter()
            .map(|name| Instance::read(&ini, name))
            .collect::<Result<_, _>>()?;
        let probe = Section::new(&ini, "mirrorprobe");
        let path = |key| general.text(key).map(PathBuf::from);
        Ok(Self {
            instances,
            city_db: path("maxmind_city_db").unwrap_or_else(|| CITY_DB.into()),
            asn_db: path("maxmind_asn_db"),
            probe: Probe {
                logfile: probe
                    .text("logfile")
                    .unwrap_or("/var/log/mirrorbrain/mirrorprobe.log")
                    .into(),
                loglevel: probe.text("loglevel").unwrap_or("INFO").to_owned(),
                mailto: probe.text("mailto").unwrap_or("root@localhost").to_owned(),
            },
            warnings: Unknown::of(&ini, &names),
        })
    }

    /// The instance of that name, else the first one.
    ///
    /// # Errors
    /// If there is none.
    pub fn instance(&self, name: Option<&str>) -> Result<&Instance, ConfigError> {
        let found = match name {
            Some(name) => self.instances.iter().find(|instance| instance.name == name),
            None => self.instances.first(),
        };
        found.ok_or_else(|| match name {
            Some(name) => ConfigError::UnknownInstance {
                name: name.to_owned(),
                known: self.instances.iter().map(|i| i.name.clone()).collect(),
            },
            None => ConfigError::NoInstance,
        })
    }
}

impl Instance {
    fn read(ini: &Ini, name: &str) -> Result<Self, ConfigError> {
        let section = Section::required(ini, name)?;
        section.driver()?;
        let text = |key| section.required_text(key).map(str::to_owned);
        let list = |key| words(section.text(key).unwrap_or_default(), |_| false);
        let instance = Self {
            name: name.to_owned(),
            database: DatabaseAccess {
                user: text("dbuser")?,
                password: text("dbpass")?,
                host: text("dbhost")?,
                name: text("dbname")?,
                port: section.number("dbport", "a port")?.unwrap_or(5432),
            },
            scan_top_include: list("scan_top_include"),
            scan_exclude: list("scan_exclude"),
            scan_exclude_rsync: list("scan_exclude_rsync"),
            scan_origin: section.text("scan_origin").map(str::to_owned),
            scan_interval: section
                .number("scan_interval", "a number of minutes")?
                .unwrap_or(360),
            scan_timeout: section
                .number("scan_timeout", "a number of seconds")?
                .unwrap_or(60),
            scan_tolerance: section
                .number::<u32>("scan_tolerance", "a number of seconds")?
                .map_or(2, i64::from),
            scan_exact_times: section.flag("scan_exact_times")?.unwrap_or(false),
            scan_removal_percent: section.number("scan_removal_percent", "a share of 0 to 100")?,
            scan_removal_files: section
                .number::<u32>("scan_removal_files", "a number of files")?
                .map_or(150, u64::from),
            allow_outdated: list("allow_outdated"),
            chunked_hashes: section.flag("chunked_hashes")?.unwrap_or(true),
            chunk_size: section
                .number("chunk_size", "a number of bytes above 0")?
                .unwrap_or(262_144),
            zsync_hashes: section.flag("zsync_hashes")?.unwrap_or(false),
            documentroot: section.text("apache_documentroot").map(PathBuf::from),
        };
        if instance.chunk_size == 0 {
            return Err(section.wrong("chunk_size", "a number of bytes above 0"));
        }
        if instance.zsync_hashes && !instance.chunk_size.is_multiple_of(ZSYNC_BLOCK) {
            let wanted = "a multiple of 4096, which zsync_hashes needs";
            return Err(section.wrong("chunk_size", wanted));
        }
        Ok(instance)
    }
}

/// The words of a list.
fn words(text: &str, is_comma: fn(char) -> bool) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || is_comma(c))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
