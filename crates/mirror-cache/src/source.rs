//! What databases of a process share: connections and mirror table by what they connect to, records
//! by how they are asked for.

use crate::Settings;
use crate::cache::FileCache;
use crate::fetch::Fetcher;
use crate::gauges::Gauges;
use crate::refresh::Refresher;
use crate::renew::Renewer;
use crate::sums::SumsReader;
use crate::waiting::Pace;
use background::Logger;
use metrics::DatabaseNumbers;
use pg::{Common, ConnectionInfo, Driver, Event, Listener, Pool, PoolSettings};
use std::sync::Arc;

/// One database of one server, and all that is asked of it.
pub(crate) struct Server {
    sources: Vec<Arc<Source>>,
    numbers: DatabaseNumbers,
}

/// The records of one way to ask, and what renews them.
pub(crate) struct Source {
    pub fetcher: Arc<Fetcher>,
    pub refresher: Arc<Refresher>,
    pub renewer: Arc<Renewer>,
    pub sums: SumsReader,
    /// How the look-ups of files fare.
    pub pace: Pace,
    /// Where they are counted.
    pub numbers: DatabaseNumbers,
    /// Whether the mirror table is used; a site's own mirror query replaces it.
    pub needs_table: bool,
    /// Whether all that records are made of comes from the tables that we know, of one server: a
    /// site's own query may give another answer although nothing was written, and so may another
    /// server.
    pub knows_tables: bool,
    /// What its users have in common; the bounds are the widest of them.
    pub wanted: Settings,
}

impl Server {
    /// What these users share, who all connect to the same. Starts nothing.
    pub fn new(info: &ConnectionInfo, users: &[&Settings], log: Logger, common: Common) -> Self {
        let (pool, numbers) = (pool_settings(users), common.numbers.clone());
        let longest = users.iter().map(|user| user.cache_ttl).max();
        let refresher = Arc::new(Refresher::new(longest.unwrap_or_default()));
        let mut ways: Vec<Settings> = Vec::new();
        for user in users {
            match ways.iter_mut().find(|way| asks_alike(way, user)) {
                Some(way) => widen(way, user),
                None => ways.push(Settings::clone(user)),
            }
        }
        let caches = ways
            .iter()
            .map(|way| Arc::new(FileCache::new(way.cache_bytes)));
        let caches: Vec<_> = caches.collect();
        let told = ways.iter().zip(&caches);
        let told = told.map(|(way, cache)| (cache.clone(), way.hash_query.is_none()));
        let listener = listener(refresher.clone(), told.collect());
        let pool = Arc::new(Pool::with_listener(
            info.clone(),
            pool,
            log,
            Some(listener),
            common,
        ));
        let source = |(wanted, cache)| {
            let shared = (&pool, &refresher, &numbers);
            Arc::new(Source::new(shared, cache, wanted, info.names_one_server()))
        };
        Self {
            sources: ways.into_iter().zip(caches).map(source).collect(),
            numbers,
        }
    }

    /// The records for a user.
    pub fn source(&self, settings: &Settings) -> Option<&Arc<Source>> {
        let asks = |source: &&Arc<Source>| asks_alike(&source.wanted, settings);
        self.sources.iter().find(asks)
    }

    /// Begins to connect, and to keep all up to date.
    pub fn start(&self, driver: &Driver) {
        let Some(first) = self.sources.first() else {
            return;
        };
        let pool = &first.fetcher.pool;
        pool.start(driver);
        driver.run(Arc::new(Gauges::new(&self.sources, &self.numbers)));
        let readers = self.sources.iter().filter(|source| source.needs_table);
        if let Some(interval) = readers.map(|source| source.wanted.refresh_interval).min() {
            first.refresher.start(driver, pool, interval);
        }
        for Source {
            renewer,
            fetcher,
            wanted,
            ..
        } in self.sources.iter().map(|source| &**source)
        {
            if !wanted.cache_ttl.is_zero() {
                renewer.start(driver, fetcher, wanted.cache_ttl);
            }
        }
    }
}

impl Source {
    fn new(
        (pool, refresher, numbers): (&Arc<Pool>, &Arc<Refresher>, &DatabaseNumbers),
        cache: Arc<FileCache>,
        wanted: Settings,
        one_server: bool,
    ) -> Self {
        Self {
            fetcher: Arc::new(Fetcher::new(pool.clone(), cache, &wanted)),
            refresher: refresher.clone(),
            renewer: Arc::default(),
            sums: SumsReader::new(wanted.hash_query.as_deref(), &wanted),
            pace: Pace::default(),
            numbers: numbers.clone(),
            needs_table: wanted.mirror_query.is_none(),
            knows_tables: !has_own_query(&wanted) && one_server,
            wanted,
        }
    }
}

fn has_own_query(settings: &Settings) -> bool {
    settings.mirror_query.is_some() || settings.hash_query.is_some()
}

/// Whether both have the same use for a record. Without a cache each request makes its own round
/// trip, by a statement of its own.
fn asks_alike(one: &Settings, other: &Settings) -> bool {
    let of = |settings: &Settings| {
        let Settings {
            mirror_query,
            hash_query,
            cache_ttl,
            ..
        } = settings;
        (
            mirror_query.clone(),
            hash_query.clone(),
            cache_ttl.is_zero(),
        )
    };
    of(one) == of(other)
}

/// Gives `way` the bounds that suit `user`, too.
fn widen(way: &mut Settings, user: &Settings) {
    way.cache_bytes = way.cache_bytes.max(user.cache_bytes);
    way.cache_ttl = way.cache_ttl.min(user.cache_ttl);
    way.refresh_interval = way.refresh_interval.min(user.refresh_interval);
}

/// The widest of their limits.
fn pool_settings(users: &[&Settings]) -> PoolSettings {
    let mut pools = users.iter().map(|user| &user.pool);
    let mut all = pools.next().cloned().unwrap_or_default();
    for pool in pools {
        all.max_connections = all.max_connections.max(pool.max_connections);
        all.keep_connections = all.keep_connections.max(pool.keep_connections);
        all.idle_expiry = all.idle_expiry.max(pool.idle_expiry);
    }
    all.generic_plans = !users.iter().any(|user| has_own_query(user));
    all
}

/// What the triggers of sql/notify.sql say: `file <path>`, `files`, `server`. Unless records are kept
/// by path, which is said beside each cache, there may be several for a path.
fn listener(refresher: Arc<Refresher>, caches: Vec<(Arc<FileCache>, bool)>) -> Listener {
    Listener {
        channel: "mirrorbrain",
        call: Box::new(move |event| match event {
            Event::Connected => refresher.connected(),
            Event::Notified("server") => refresher.wake(),
            Event::Notified(payload) => {
                for (cache, by_path) in &caches {
                    match payload.strip_prefix("file ") {
                        Some(path) if *by_path => cache.invalidate(path),
                        _ => cache.clear(),
                    }
                }
            }
        }),
    }
}
