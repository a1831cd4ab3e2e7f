//! The values, and how a virtual host inherits them.

use pg::{ConnectionInfo, PoolSettings};
use std::time::Duration;

/// The driver of mod_dbd whose databases are ours, too; so are those without a driver.
pub(crate) const PGSQL: &str = "pgsql";

/// What the directives said for one server; unset is `None`.
#[derive(Debug, Clone, Default)]
pub struct DbdSettings {
    pub(crate) driver: Option<Box<str>>,
    /// `Err` is what is wrong with it, if it is for us.
    pub(crate) connection: Option<Result<ConnectionInfo, String>>,
    pub(crate) max_connections: Option<usize>,
    pub(crate) keep_connections: Option<usize>,
    pub(crate) idle_expiry: Option<Duration>,
    pub(crate) init_sql: Vec<String>,
}

impl DbdSettings {
    /// The settings of a virtual host, `specific`, laid over those of the main server, `self`.
    pub fn merge(&self, specific: &Self) -> Self {
        Self {
            driver: specific.driver.as_ref().or(self.driver.as_ref()).cloned(),
            connection: specific
                .connection
                .as_ref()
                .or(self.connection.as_ref())
                .cloned(),
            max_connections: specific.max_connections.or(self.max_connections),
            keep_connections: specific.keep_connections.or(self.keep_connections),
            idle_expiry: specific.idle_expiry.or(self.idle_expiry),
            init_sql: [self.init_sql.as_slice(), &specific.init_sql].concat(),
        }
    }

    /// `DBDParams`; `None` if no database was named, or one that is another driver's.
    pub fn connection(&self) -> Option<&ConnectionInfo> {
        let is_ours = self.other_driver().is_none();
        self.connection.as_ref()?.as_ref().ok().filter(|_| is_ours)
    }

    /// `DBDriver`, unless its databases are ours.
    pub(crate) fn other_driver(&self) -> Option<&str> {
        self.driver.as_deref().filter(|&driver| driver != PGSQL)
    }

    /// What is wrong with `DBDParams`, if it is for us.
    pub(crate) fn problem(&self) -> Option<&str> {
        let problem = self.connection.as_ref()?.as_ref().err()?;
        self.other_driver().is_none().then_some(problem)
    }

    /// `DBDMax`, `DBDKeep`, `DBDExptime` and `DBDInitSQL`, with mod_dbd's defaults.
    pub fn pool(&self) -> PoolSettings {
        let default = PoolSettings::default();
        PoolSettings {
            max_connections: self.max_connections.unwrap_or(default.max_connections),
            keep_connections: self.keep_connections.unwrap_or(default.keep_connections),
            idle_expiry: self.idle_expiry.unwrap_or(default.idle_expiry),
            init_sql: self.init_sql.clone(),
            ..default
        }
    }
}
