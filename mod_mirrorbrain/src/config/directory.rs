//! What sections (`<Directory>`, `<Location>`, `<Files>`) configure.

use super::List;
use crate::mask::Mask;
use crate::path::Base;
use apache::{Config, Regex};
use ipnet::IpNet;
use mirror_selection::{Distance, FileKey, Mirror, Order, Spread, Ties};
use std::ffi::{CStr, OsStr};
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// Smaller files are sent by this server unless configured otherwise.
const DEFAULT_MIN_SIZE: u64 = 4096;

/// Files up to this size are hashed on demand, unless answers are those of MirrorBrain 2.19.
const DEFAULT_HASH_MAX_SIZE: u64 = 1 << 20;

/// How long a request is a retry, unless answers are those of MirrorBrain 2.19.
const DEFAULT_RETRY_TIME: u16 = 30;

/// `MirrorBrainExcludeNetwork`.
#[derive(Clone)]
pub enum Network {
    /// The beginning of an address as text, as in `192.168.`
    Text(Box<str>),
    /// CIDR notation
    Prefix(IpNet),
}

/// The record of a section. `None` is "not set here": the outer section's value counts.
#[derive(Default)]
pub struct DirectoryConfig {
    pub engine: Option<bool>,
    /// The directory that file paths are relative to: where the engine was first set On.
    pub base: Option<Arc<Base>>,
    pub debug: Option<bool>,
    pub form_get: Option<bool>,
    pub min_size: Option<u64>,
    pub head_locally: Option<bool>,
    pub excluded_types: List<Box<CStr>>,
    pub excluded_agents: List<Box<CStr>>,
    pub excluded_networks: List<Network>,
    pub excluded_addresses: List<IpAddr>,
    pub excluded_files: Option<Arc<Mask>>,
    pub volatile_files: Option<Arc<Mask>>,
    pub hash_max_size: Option<u64>,
    /// Seconds
    pub retry_time: Option<u16>,
    pub torrent_mask: Option<Arc<Regex>>,
    pub fallbacks: List<Mirror>,
    pub stamp_key: Option<Arc<str>>,
    pub trusted: List<IpNet>,
    pub distance: Option<Distance>,
    pub spread: Option<Spread>,
    pub compatible: Option<bool>,
}

impl Config for DirectoryConfig {
    fn create() -> Self {
        Self::default()
    }

    fn merge(&self, specific: &Self) -> Self {
        Self {
            engine: specific.engine.or(self.engine),
            // The outer base stays: switching the engine on again further down must not move
            // the paths that files have in the database.
            base: self.base.clone().or_else(|| specific.base.clone()),
            debug: specific.debug.or(self.debug),
            form_get: specific.form_get.or(self.form_get),
            min_size: specific.min_size.or(self.min_size),
            head_locally: specific.head_locally.or(self.head_locally),
            excluded_types: self.excluded_types.merge(&specific.excluded_types),
            excluded_agents: self.excluded_agents.merge(&specific.excluded_agents),
            excluded_networks: self.excluded_networks.merge(&specific.excluded_networks),
            excluded_addresses: self.excluded_addresses.merge(&specific.excluded_addresses),
            excluded_files: specific
                .excluded_files
                .clone()
                .or_else(|| self.excluded_files.clone()),
            volatile_files: specific
                .volatile_files
                .clone()
                .or_else(|| self.volatile_files.clone()),
            hash_max_size: specific.hash_max_size.or(self.hash_max_size),
            retry_time: specific.retry_time.or(self.retry_time),
            torrent_mask: specific
                .torrent_mask
                .clone()
                .or_else(|| self.torrent_mask.clone()),
            fallbacks: self.fallbacks.merge(&specific.fallbacks),
            stamp_key: specific
                .stamp_key
                .clone()
                .or_else(|| self.stamp_key.clone()),
            trusted: self.trusted.merge(&specific.trusted),
            distance: specific.distance.or(self.distance),
            spread: specific.spread.or(self.spread),
            compatible: specific.compatible.or(self.compatible),
        }
    }

    fn is_unset(&self) -> bool {
        // Each field by name, so that none is forgotten.
        let Self {
            engine,
            base,
            debug,
            form_get,
            min_size,
            head_locally,
            excluded_types,
            excluded_agents,
            excluded_networks,
            excluded_addresses,
            excluded_files,
            volatile_files,
            hash_max_size,
            retry_time,
            torrent_mask,
            fallbacks,
            stamp_key,
            trusted,
            distance,
            spread,
            compatible,
        } = self;
        let flags = [engine, debug, form_get, head_locally, compatible];
        flags.iter().all(|flag| flag.is_none())
            && base.is_none()
            && min_size.is_none()
            && excluded_types.is_empty()
            && excluded_agents.is_empty()
            && excluded_networks.is_empty()
            && excluded_addresses.is_empty()
            && excluded_files.is_none()
            && volatile_files.is_none()
            && hash_max_size.is_none()
            && retry_time.is_none()
            && torrent_mask.is_none()
            && fallbacks.is_empty()
            && stamp_key.is_none()
            && trusted.is_empty()
            && distance.is_none()
            && spread.is_none()
    }
}

impl DirectoryConfig {
    /// `MirrorBrainEngine`
    pub fn is_on(&self) -> bool {
        self.engine.unwrap_or(false)
    }

    /// `MirrorBrainDebug`
    pub fn traces(&self) -> bool {
        self.debug.unwrap_or(false)
    }

    /// Whether query arguments are read.
    pub fn reads_query(&self) -> bool {
        self.form_get.unwrap_or(true)
    }

    /// `MirrorBrainMinSize` in bytes
    pub fn min_size(&self) -> u64 {
        self.min_size.unwrap_or(DEFAULT_MIN_SIZE)
    }

    /// `MirrorBrainHashMaxSize` in bytes: larger files are not hashed here.
    pub fn hash_max_size(&self) -> u64 {
        let default = if self.is_compatible() {
            0
        } else {
            DEFAULT_HASH_MAX_SIZE
        };
        self.hash_max_size.unwrap_or(default)
    }

    /// `MirrorBrainRetryTime` in seconds; 0 for never.
    pub fn retry_time(&self) -> u16 {
        let default = if self.is_compatible() {
            0
        } else {
            DEFAULT_RETRY_TIME
        };
        self.retry_time.unwrap_or(default)
    }

    /// `MirrorBrainHandleHEADRequestLocally`
    pub fn answers_head_locally(&self) -> bool {
        self.head_locally.unwrap_or(false)
    }

    /// `MirrorBrainSpread` or `MirrorBrainDistance`, and whether equals are drawn in lists too, for the file
    /// that the database knows by this path.
    pub fn order(&self, path: &[u8]) -> Order {
        let spread = self.spread.unwrap_or_default();
        let needs_file = matches!(spread, Spread::Cache { .. });
        Order {
            distance: self.distance.unwrap_or_default(),
            ties: if self.is_compatible() {
                Ties::Listed
            } else {
                Ties::Drawn
            },
            spread,
            file: if needs_file {
                FileKey::of(path)
            } else {
                FileKey::NONE
            },
        }
    }

    /// `MirrorBrainCompatible`: whether answers are to be those of MirrorBrain 2.19, to the byte,
    /// where better ones are known.
    pub fn is_compatible(&self) -> bool {
        self.compatible.unwrap_or(true)
    }

    /// Notes where the engine was switched on; `None` if that place is no directory.
    pub fn set_base(&mut self, directory: Option<&[u8]>) {
        self.base = directory.map(|path| Arc::new(Base::new(Path::new(OsStr::from_bytes(path)))));
    }
}
