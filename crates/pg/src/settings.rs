//! How a pool behaves, apart from where it connects to.

use std::time::Duration;

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
