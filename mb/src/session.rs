//! What a command works with: options, configuration, database, output. Each is opened when it is
//! first asked for, so that help needs none of it.

use crate::cli::GlobalOptions;
use crate::error::Failure;
use crate::output::Output;
use mirror_db::tables::server::{self, Column, Server};
use mirror_db::tables::version::Version;
use pg::{Connection, ConnectionError, ConnectionInfo, ConnectionInfoError, SqlState};
use site_config::{DEFAULT_PATH, DatabaseAccess, Instance, SiteConfig};
use std::path::Path;
use std::time::Duration;

/// The longest that one statement may take.
const PATIENCE: Duration = Duration::from_secs(3600);

/// The state of one run.
pub struct Session {
    options: GlobalOptions,
    is_json: bool,
    is_dry_run: bool,
    config: Option<SiteConfig>,
    connection: Option<Connection>,
    /// Standard output.
    pub out: Output,
}

impl Session {
    pub(crate) fn new(options: GlobalOptions, is_json: bool, is_dry_run: bool) -> Self {
        Self {
            options,
            is_json,
            is_dry_run,
            config: None,
            connection: None,
            out: Output::new(),
        }
    }

    /// Tells on stderr what goes on, if that is wanted.
    pub fn debug(&self, text: impl std::fmt::Display) {
        if self.options.debug {
            anstream::eprintln!("mb: debug: {text}");
        }
    }

    /// The path of the configuration file.
    pub fn config_path(&self) -> &Path {
        let path = self.options.config.as_deref();
        path.unwrap_or(Path::new(DEFAULT_PATH))
    }

    /// The configuration file.
    ///
    /// # Errors
    /// If it is missing or wrong, here and below.
    pub fn config(&mut self) -> Result<&SiteConfig, Failure> {
        if self.config.is_none() {
            self.config = Some(self.read_config()?);
        }
        self.config.as_ref().ok_or_else(|| Failure::quiet(1))
    }

    fn read_config(&self) -> Result<SiteConfig, Failure> {
        let path = self.config_path();
        let bytes = std::fs::read(path).map_err(|e| {
            Failure::new(format!("cannot read {}: {e}", path.display()))
                .hint("mb --config FILE names another file, mb init makes one")
        })?;
        // Comments of old files are in any encoding.
        let config = SiteConfig::parse(&String::from_utf8_lossy(&bytes)).map_err(|e| {
            let failure = Failure::from(e.clone());
            failure.sentence(format!("{}: {e}", path.display()))
        })?;
        for warning in &config.warnings {
            warn(format_args!("{}: {warning}", path.display()));
        }
        Ok(config)
    }

    /// The instance that is meant: `-b`, else `MB`, else the first one.
    pub fn instance(&mut self) -> Result<&Instance, Failure> {
        let name = self.options.instance.clone();
        Ok(self.config()?.instance(name.as_deref())?)
    }

    /// The instance that was asked for, by `-b` or `MB`.
    pub fn chosen_instance(&self) -> Option<&str> {
        self.options.instance.as_deref()
    }

    /// What the instance is called, as far as that is known.
    fn instance_name(&self) -> &str {
        let chosen = self.options.instance.as_deref();
        let first = || Some(&*self.config.as_ref()?.instances.first()?.name);
        chosen.or_else(first).unwrap_or_default()
    }

    /// The database of the instance.
    pub fn connection(&mut self) -> Result<&mut Connection, Failure> {
        if self.connection.is_none() {
            let info = self.connection_info()?;
            let path = self.config_path().display();
            self.debug(format_args!(
                "{path}: instance {}: {info}",
                self.instance_name()
            ));
            let mut connection = Connection::open(&info, &[], PATIENCE)?;
            self.check_version(&mut connection)?;
            self.connection = Some(connection);
        }
        self.connection.as_mut().ok_or_else(|| Failure::quiet(1))
    }

    /// The database without a look at its version, for what makes or mends it.
    pub fn raw_connection(&mut self) -> Result<Connection, Failure> {
        let info = self.connection_info()?;
        Ok(Connection::open(&info, &[], PATIENCE)?)
    }

    /// Where the database of the instance is, and how to get in.
    pub fn connection_info(&mut self) -> Result<ConnectionInfo, Failure> {
        connection_info(&self.instance()?.database)
    }

    /// Has a database that an older release has made say that it knows this one.
    fn check_version(&mut self, connection: &mut Connection) -> Result<(), Failure> {
        let found = match Version::read(connection) {
            Ok(Some(found)) if found < Version::CURRENT => found,
            Err(error) if error.code() != Some(&SqlState::UNDEFINED_TABLE) => {
                return Err(error.into());
            }
            _ => return Ok(()),
        };
        let current = Version::CURRENT;
        let found = format!("found database version {found}, older than us: {current}");
        if self.is_dry_run {
            warn(format_args!("{found}; a dry run leaves it so"));
            return Ok(());
        }
        // Programs read JSON, and nothing else.
        if self.is_json {
            warn(found);
        } else {
            self.out.line(format_args!("{found} >>>>>>>> upgrading"))?;
        }
        match current.write(connection) {
            // Whoever may only read can do without.
            Err(error) if is_refusal(&error) => {
                warn(format_args!("the version stays as it is: {error}"));
                Ok(())
            }
            Err(error) => Err(error.into()),
            Ok(()) if self.is_json => Ok(()),
            Ok(()) => Ok(self.out.line("done.")?),
        }
    }

    /// The mirror that an administrator means: the one of exactly that name, else the only one whose
    /// name contains it.
    pub fn mirror(&mut self, name: &str) -> Result<Server, Failure> {
        let mut found = server::matching(self.connection()?, name)?;
        match (found.pop(), found.len()) {
            (Some(mirror), 0) => Ok(mirror),
            (None, _) => {
                Err(Failure::new(format!("{name}: Not found."))
                    .hint("mb list -a shows all mirrors"))
            }
            (Some(last), _) => {
                self.out.line("Found multiple matching mirrors:")?;
                for mirror in found.iter().chain([&last]) {
                    self.out.line(&mirror.identifier)?;
                }
                Err(Failure::new(format!("{name}: several mirrors match"))
                    .hint("give more of the name"))
            }
        }
    }

    /// Does something to the database, all of it or nothing. A dry run does it too, so that the
    /// database says what is wrong with it, and then undoes it; `what` is printed instead.
    pub fn change<T>(
        &mut self,
        dry_run: bool,
        what: impl std::fmt::Display,
        work: impl FnOnce(&mut Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut transaction = self.connection()?.transaction()?;
        let result = work(&mut transaction)?;
        if dry_run {
            drop(transaction);
            self.out.line(format_args!("Would {what}"))?;
        } else {
            transaction.commit()?;
        }
        Ok(result)
    }
}

/// Reads a connection string in the environment of this process, as libpq does.
///
/// # Errors
/// If it is none.
pub fn read_connection(text: &str) -> Result<ConnectionInfo, ConnectionInfoError> {
    ConnectionInfo::parse_with(text, |name| std::env::var(name).ok())
}

/// Whether the server lets nobody write (a standby), or not this role.
fn is_refusal(error: &ConnectionError) -> bool {
    let refusals = [
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::INSUFFICIENT_PRIVILEGE,
    ];
    error.code().is_some_and(|code| refusals.contains(code))
}

/// Sets a column of a mirror that was read before.
///
/// # Errors
/// Those of the database, and that somebody has deleted the mirror meanwhile.
pub fn set(
    connection: &mut Connection,
    mirror: &Server,
    column: Column,
    value: Option<&str>,
) -> Result<(), Failure> {
    if server::set(connection, mirror.id, column, value)? {
        return Ok(());
    }
    Err(gone(mirror))
}

/// What is said of a mirror that somebody has deleted meanwhile.
pub fn gone(mirror: &Server) -> Failure {
    let name = &mirror.identifier;
    Failure::new(format!("{name}: Not found.")).hint("somebody has deleted it a moment ago")
}

/// Says what does not stop a command.
pub fn warn(text: impl std::fmt::Display) {
    let yellow = anstyle::AnsiColor::Yellow.on_default().bold();
    anstream::eprintln!("{yellow}mb: warning:{yellow:#} {text}");
}

/// The connection string; what the file does not say comes from libpq's variables.
fn connection_info(access: &DatabaseAccess) -> Result<ConnectionInfo, Failure> {
    let quoted = |value: &str| format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"));
    let DatabaseAccess {
        host,
        port,
        user,
        password,
        name,
    } = access;
    let text = format!(
        "host={} port={port} user={} password={} dbname={} application_name=mb",
        quoted(host),
        quoted(user),
        quoted(password),
        quoted(name)
    );
    read_connection(&text).map_err(|e| Failure::new(format!("mirrorbrain.conf: {e}")))
}
