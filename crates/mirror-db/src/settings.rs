//! How a [`Database`](crate::Database) behaves, apart from where it is.

use crate::CustomQuery;
use std::{sync::Arc, time::Duration};

/// Settings of the connection pool. They follow the directives of mod_dbd.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PoolSettings {
    /// `DBDMax`: most connections of this process at a time; at least 1.
    pub max_connections: usize,
    /// `DBDKeep`: idle connections kept open beyond `idle_expiry`; at least one is always kept.
    pub keep_connections: usize,
    /// `DBDExptime`: an idle connection beyond `keep_connections` is closed after this time.
    pub idle_expiry: Duration,
    /// `DBDInitSQL`: statements run on each new connection, in this order.
    pub init_sql: Vec<String>,
    /// The longest that a request waits for one answer. The server is asked to give up a little
    /// earlier (`statement_timeout`), so that a lock and a dead server can be told apart.
    pub query_timeout: Duration,
    /// Whether all statements are ours, so that one plan serves each execution (PostgreSQL 12:
    /// `plan_cache_mode`). Left alone, PostgreSQL plans a list of paths anew each time, since it
    /// expects ten of them and has fewer, and that takes longer than to look them up.
    pub generic_plans: bool,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            max_connections: 10,
            keep_connections: 2,
            idle_expiry: Duration::from_secs(300),
            init_sql: Vec::new(),
            query_timeout: Duration::from_secs(2),
            generic_plans: false,
        }
    }
}

/// Settings of a [`Database`](crate::Database).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Settings {
    /// The connections.
    pub pool: PoolSettings,
    /// How old an answer from the cache may be; zero switches the cache off, so that each request
    /// asks the database.
    pub cache_ttl: Duration,
    /// How long an expired answer may still be used when there is no newer one: the database is away,
    /// gives none in time, or enough requests wait for it.
    pub cache_stale: Duration,
    /// Bound of the file cache in bytes, per process.
    pub cache_bytes: u64,
    /// How often the mirror table is checked for changes.
    pub refresh_interval: Duration,
    /// `MirrorBrainDBDQuery`: replaces the built-in look-up of the mirrors of a path.
    pub mirror_query: Option<Arc<CustomQuery>>,
    /// `MirrorBrainDBDQueryHash`: replaces the built-in look-up of the hashes of a file.
    pub hash_query: Option<Arc<CustomQuery>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            pool: PoolSettings::default(),
            cache_ttl: Duration::from_secs(10),
            cache_stale: Duration::from_secs(3600),
            cache_bytes: 64 << 20,
            refresh_interval: Duration::from_secs(1),
            mirror_query: None,
            hash_query: None,
        }
    }
}

impl Settings {
    /// Whether connections for both are the same but for their limits.
    pub(crate) fn connects_alike(&self, other: &Self) -> bool {
        let of = |settings: &Self| {
            let pool = &settings.pool;
            (pool.init_sql.clone(), pool.query_timeout)
        };
        of(self) == of(other)
    }
}
