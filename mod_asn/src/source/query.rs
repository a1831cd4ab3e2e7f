//! A query for each new address, and a cache of its answers: `ASLookupQuery`, or our own where the
//! table cannot be kept in memory.

use super::{Databases, Network};
use pg::{ConnectionInfo, DbError, Pool, PoolSettings, Statement};
use quick_cache::sync::Cache;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Answers kept in a child, about 2 MB; more clients than this within `ASLookupRefresh` ask the
/// database again.
const CACHED: usize = 10_000;

/// The query, run for each new address.
pub struct QuerySource {
    database: ConnectionInfo,
    settings: PoolSettings,
    statement: Arc<Statement>,
    takes_address: bool,
    lifetime: Duration,
    pool: OnceLock<Arc<Pool>>,
    cache: Cache<IpAddr, (Instant, Option<Arc<Network>>)>,
}

impl QuerySource {
    /// Starts nothing yet. An answer is used for `lifetime`, also one that nothing was found.
    pub fn new(
        database: ConnectionInfo,
        settings: PoolSettings,
        statement: Statement,
        takes_address: bool,
        lifetime: Duration,
    ) -> Self {
        Self {
            database,
            settings,
            statement: Arc::new(statement),
            takes_address,
            lifetime,
            pool: OnceLock::new(),
            cache: Cache::new(CACHED),
        }
    }

    pub fn start(&self, databases: &mut Databases) {
        let _ = self
            .pool
            .set(databases.shared(&self.database, &self.settings));
    }

    pub fn find(&self, address: IpAddr) -> Option<Network> {
        let fresh = |at: &Instant| at.elapsed() < self.lifetime;
        if let Some((_, found)) = self.cache.get(&address).filter(|(at, _)| fresh(at)) {
            return found.map(|found| (*found).clone());
        }
        // What went wrong was logged once; an answer that was not given is not kept.
        let found = ask(
            self.pool.get()?,
            &self.statement,
            self.takes_address,
            address,
        )
        .ok()?;
        let kept = found.clone().map(Arc::new);
        self.cache.insert(address, (Instant::now(), kept));
        found
    }
}

/// The first row of the answer. Columns beyond the second, and rows beyond the first, are of no
/// interest; NULL or empty text is no answer, and neither is what no network and no number has: it
/// goes into headers.
pub(super) fn ask(
    pool: &Pool,
    statement: &Arc<Statement>,
    takes_address: bool,
    address: IpAddr,
) -> Result<Option<Network>, DbError> {
    let parameters = if takes_address {
        vec![address.to_string()]
    } else {
        Vec::new()
    };
    let rows = pool.query_text(statement, parameters)?;
    let mut columns = rows.into_iter().next().into_iter().flatten();
    let plain = |text: &String| !text.is_empty() && text.bytes().all(|b| matches!(b, b' '..=b'~'));
    let mut text = || columns.next().flatten().filter(plain);
    Ok(text()
        .zip(text())
        .map(|(prefix, asn)| Network { prefix, asn }))
}
