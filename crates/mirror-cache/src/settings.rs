//! How a [`Database`](crate::Database) behaves, apart from where it is.

use mirror_db::CustomQuery;
use pg::PoolSettings;
use std::sync::Arc;
use std::time::Duration;

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
