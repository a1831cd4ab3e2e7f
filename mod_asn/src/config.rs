//! The module's configuration records.

use crate::source::Source;
use apache::Config;
use mirror_db::CustomQuery;
use module_kit::{DbdRecord, DbdSettings};
use std::ffi::CStr;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Per directory.
pub struct DirectoryConfig {
    /// `ASLookup`
    pub lookup: Option<bool>,
    /// `ASLookupDebug`
    pub debug: Option<bool>,
    /// `ASSetHeaders`
    pub set_headers: Option<bool>,
}

impl Config for DirectoryConfig {
    fn create() -> Self {
        Self {
            lookup: None,
            debug: None,
            set_headers: None,
        }
    }

    fn merge(&self, specific: &Self) -> Self {
        Self {
            lookup: specific.lookup.or(self.lookup),
            debug: specific.debug.or(self.debug),
            set_headers: specific.set_headers.or(self.set_headers),
        }
    }

    fn is_unset(&self) -> bool {
        let Self {
            lookup,
            debug,
            set_headers,
        } = self;
        [lookup, debug, set_headers]
            .iter()
            .all(|flag| flag.is_none())
    }
}

/// What a site chose in place of the table `pfx2asn`.
#[derive(Clone)]
pub enum Origin {
    /// `ASLookupQuery`
    Query(Arc<CustomQuery>),
    /// `ASLookupDatabase`
    File(Arc<Path>),
}

/// Per server.
pub struct ServerConfig {
    /// The database.
    pub dbd: DbdSettings,
    /// `ASLookupQuery` or `ASLookupDatabase`, whichever is nearest.
    pub origin: Option<Origin>,
    /// `ASIPHeader`
    pub header: Option<Arc<CStr>>,
    /// `ASIPEnvvar`
    pub variable: Option<Arc<CStr>>,
    /// `ASLookupRefresh`
    pub refresh: Option<Duration>,
    /// `ASLookup` is on in some directory.
    pub in_use: bool,
    /// It is on in a section of this very server, not of the main server only.
    pub used_here: bool,
    /// Where answers come from; set once the configuration is complete.
    pub source: OnceLock<Arc<Source>>,
    /// Whether a missing source was complained about.
    pub complained: AtomicBool,
}

impl ServerConfig {
    /// `ASLookupRefresh`, one minute by default.
    pub fn refresh(&self) -> Duration {
        self.refresh.unwrap_or(Duration::from_secs(60))
    }

    /// Whether this server's own sections look clients up in its database.
    pub fn needs_database(&self) -> bool {
        self.used_here && !matches!(self.origin, Some(Origin::File(_)))
    }
}

impl DbdRecord for ServerConfig {
    fn dbd(&self) -> &DbdSettings {
        &self.dbd
    }

    fn dbd_mut(&mut self) -> &mut DbdSettings {
        &mut self.dbd
    }
}

impl Config for ServerConfig {
    fn create() -> Self {
        Self {
            dbd: DbdSettings::default(),
            origin: None,
            header: None,
            variable: None,
            refresh: None,
            in_use: false,
            used_here: false,
            source: OnceLock::new(),
            complained: AtomicBool::new(false),
        }
    }

    fn merge(&self, specific: &Self) -> Self {
        Self {
            dbd: self.dbd.merge(&specific.dbd),
            origin: specific.origin.clone().or_else(|| self.origin.clone()),
            header: specific.header.clone().or_else(|| self.header.clone()),
            variable: specific.variable.clone().or_else(|| self.variable.clone()),
            refresh: specific.refresh.or(self.refresh),
            // The sections of the main server hold in its virtual hosts, too.
            in_use: self.in_use || specific.in_use,
            used_here: specific.used_here,
            source: OnceLock::new(),
            complained: AtomicBool::new(false),
        }
    }
}
