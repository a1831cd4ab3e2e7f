//! What the main server and virtual hosts configure.

use super::List;
use crate::runtime::Runtime;
use apache::{Config, Regex, SharedWords};
use metrics::Board;
use mirror_db::CustomQuery;
use module_kit::{DbdRecord, DbdSettings};
use representation::yum::{Matcher, Rule};
use representation::{DhtNode, Publisher};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A pattern of `MirrorBrainYumDir`, in httpd's own syntax.
#[derive(Clone)]
pub struct YumPattern(pub Arc<Regex>);

impl Matcher for YumPattern {
    fn is_match(&self, value: &[u8]) -> bool {
        self.0.is_match(value)
    }
}

/// One `MirrorBrainYumDir`.
pub type YumRule = Rule<YumPattern>;

/// The record of a server. `None` is "not set here": the main server's value counts.
#[derive(Default)]
pub struct ServerConfig {
    pub dbd: DbdSettings,
    /// The engine is on in a section of this very server, not of the main server only.
    pub used_here: bool,
    pub mirror_query: Option<Arc<CustomQuery>>,
    pub hash_query: Option<Arc<CustomQuery>>,
    pub cache_ttl: Option<Duration>,
    pub cache_stale: Option<Duration>,
    pub cache_bytes: Option<u64>,
    pub max_large: Option<usize>,
    pub publisher: Option<Arc<Publisher>>,
    pub magnet_links: Option<bool>,
    pub broken_mirrors: Option<Arc<Path>>,
    pub trackers: List<String>,
    pub dht_nodes: List<DhtNode>,
    pub yum_rules: List<Arc<YumRule>>,
    pub style_sheet: Option<Arc<str>>,
    pub page_header: Option<Arc<Path>>,
    pub page_footer: Option<Arc<Path>>,
    pub suppress_file_names: Option<bool>,
    pub instance: Option<Arc<str>>,
    pub memcached: Option<bool>,
    pub memcached_lifetime: Option<Duration>,
    pub memcached_servers: List<stickiness::Server>,
    pub geo_database: Option<Arc<Path>>,
    /// Who asked for what a moment ago; all servers and children have the same.
    pub attempts: OnceLock<Arc<SharedWords>>,
    /// What the children count, in memory that they share; of the main server only.
    pub board: OnceLock<Board>,
    /// What a child made of all this when it started.
    pub runtime: OnceLock<Runtime>,
}

impl Config for ServerConfig {
    fn create() -> Self {
        Self::default()
    }

    fn merge(&self, specific: &Self) -> Self {
        let (outer, inner) = (self, specific);
        Self {
            dbd: outer.dbd.merge(&inner.dbd),
            used_here: inner.used_here,
            mirror_query: inner
                .mirror_query
                .clone()
                .or_else(|| outer.mirror_query.clone()),
            hash_query: inner
                .hash_query
                .clone()
                .or_else(|| outer.hash_query.clone()),
            cache_ttl: inner.cache_ttl.or(outer.cache_ttl),
            cache_stale: inner.cache_stale.or(outer.cache_stale),
            cache_bytes: inner.cache_bytes.or(outer.cache_bytes),
            max_large: inner.max_large.or(outer.max_large),
            publisher: inner.publisher.clone().or_else(|| outer.publisher.clone()),
            magnet_links: inner.magnet_links.or(outer.magnet_links),
            broken_mirrors: inner
                .broken_mirrors
                .clone()
                .or_else(|| outer.broken_mirrors.clone()),
            trackers: outer.trackers.merge(&inner.trackers),
            dht_nodes: outer.dht_nodes.merge(&inner.dht_nodes),
            yum_rules: outer.yum_rules.merge(&inner.yum_rules),
            style_sheet: inner
                .style_sheet
                .clone()
                .or_else(|| outer.style_sheet.clone()),
            page_header: inner
                .page_header
                .clone()
                .or_else(|| outer.page_header.clone()),
            page_footer: inner
                .page_footer
                .clone()
                .or_else(|| outer.page_footer.clone()),
            suppress_file_names: inner.suppress_file_names.or(outer.suppress_file_names),
            instance: inner.instance.clone().or_else(|| outer.instance.clone()),
            memcached: inner.memcached.or(outer.memcached),
            memcached_lifetime: inner.memcached_lifetime.or(outer.memcached_lifetime),
            memcached_servers: outer.memcached_servers.merge(&inner.memcached_servers),
            geo_database: inner
                .geo_database
                .clone()
                .or_else(|| outer.geo_database.clone()),
            attempts: OnceLock::new(),
            board: OnceLock::new(),
            runtime: OnceLock::new(),
        }
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
