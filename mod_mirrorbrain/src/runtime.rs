//! What a child keeps while it lives: databases, geo database, the constant parts of documents.

use crate::MirrorBrain;
use crate::config::ServerConfig as Config;
use crate::large::{LargeDocuments, default_most};
use crate::made_hashes::MadeHashes;
use crate::retry;
use crate::roots::Roots;
use crate::status::{self, Status};
use apache::{
    CheckConfig, Child, ChildInit, Configuration, Level, PostConfig, ProcessLog, Server,
    SharedWords,
};
use geo_db::Place;
use metrics::{Board, Slot};
use mirror_cache::{Database, Databases, Group, Process, Settings};
use module_kit::{GeoFile, OneEach, logger};
use pg::{ConnectionInfo, Unavailable};
use representation::Site;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stickiness::Stickiness;

/// Name and version, for documents and the server's signature.
const GENERATOR: &str = concat!("MirrorBrain/", env!("CARGO_PKG_VERSION"));

/// `MirrorBrainInstance`
const DEFAULT_INSTANCE: &str = "default";
/// `MirrorBrainMemcachedLifeTime`
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// The parts of a server that live in a child.
pub struct Runtime {
    /// None without `DBDParams`.
    database: Option<Arc<Database>>,
    geo: Option<Arc<GeoFile>>,
    log: Arc<ProcessLog<MirrorBrain>>,
    /// Where is counted what becomes of requests.
    pub status: Arc<Status>,
    /// Those of small files.
    pub made_hashes: Arc<MadeHashes>,
    /// None unless `MirrorBrainMemcached` is on.
    pub stickiness: Option<Arc<Stickiness>>,
    /// What engines outside of `<Directory>` sections are relative to.
    pub roots: Arc<Roots>,
    /// Configuration that all documents share.
    pub site: Site,
    /// The large documents that the child sends now, and how many may be.
    pub large: Arc<LargeDocuments>,
    pub most_large: usize,
}

impl Runtime {
    /// Whether `DBDParams` names a database.
    pub fn has_database(&self) -> bool {
        self.database.is_some()
    }

    /// The database. One that is not configured counts as one that is away.
    pub fn database(&self) -> Result<&Database, Unavailable> {
        self.database.as_deref().ok_or(Unavailable)
    }

    /// Where the geo database places an address.
    pub fn place(&self, address: IpAddr) -> Place {
        let Some(geo) = &self.geo else {
            return Place::default();
        };
        geo.refresh(&self.log);
        geo.place(address)
    }

    /// The English name of an address's country.
    pub fn country_name(&self, address: IpAddr) -> Option<String> {
        self.geo.as_ref()?.country_name(address)
    }
}

/// The hooks around the start.
pub struct Startup;

impl CheckConfig for Startup {
    fn check(main: Server<'_>) -> Result<(), String> {
        module_kit::check::<MirrorBrain>(main, |config| config.used_here)?;
        warn_of_missing_databases(main);
        Ok(())
    }
}

/// Of a site whose files are all sent from here nobody might notice for long that it is one.
fn warn_of_missing_databases(main: Server<'_>) {
    let servers: Vec<(Server<'_>, &Config)> = main
        .all()
        .filter_map(|server| Some((server, server.config::<MirrorBrain>()?)))
        .collect();
    let has_database = |config: &Config| config.dbd.connection().is_some();
    // The sections of the main server may be for the virtual hosts that have a database.
    let main_is_told = !servers.iter().any(|(_, config)| has_database(config));
    let of_main = main.config::<MirrorBrain>();
    for (place, (server, config)) in servers.iter().enumerate() {
        // Virtual hosts without directives of ours have the main server's record.
        let is_told = match of_main.is_some_and(|of_main| std::ptr::eq(of_main, *config)) {
            true => place == 0 && main_is_told,
            false => !has_database(config),
        };
        if config.used_here && is_told {
            server.log::<MirrorBrain>(Level::Warning, || NO_DATABASE.to_owned());
        }
    }
}

const NO_DATABASE: &str = "MirrorBrainEngine is On, but no DBDParams names a database: there are no \
     mirrors to redirect to. Inside <IfModule mod_dbd.c> DBDParams counts only where mod_dbd is loaded, \
     which mod_mirrorbrain does not need";

impl PostConfig for Startup {
    fn prepare(configuration: Configuration<'_>) {
        let component = concat!("mod_mirrorbrain/", env!("CARGO_PKG_VERSION"));
        let component = configuration.pool().copy_bytes(component.as_bytes());
        configuration.add_version_component(component);
        let attempts = attempts(configuration.main());
        let groups = mirror_cache::groups(&wanted(configuration.main()));
        let children = configuration.most_children();
        if let Some(config) = configuration.main().config::<MirrorBrain>()
            && let Some(board) = status::board(configuration.main(), children, &groups)
        {
            config.board.get_or_init(|| board);
        }
        for server in configuration.main().all() {
            let Some(config) = server.config::<MirrorBrain>() else {
                continue;
            };
            if let Some(attempts) = &attempts {
                config.attempts.get_or_init(|| Arc::clone(attempts));
            }
            if config.memcached == Some(true) && config.memcached_servers.is_empty() {
                server.log::<MirrorBrain>(Level::Warning, || {
                    "MirrorBrainMemcached is On, but no MemcacheServer is configured".to_owned()
                });
            }
        }
    }
}

/// The table of `MirrorBrainRetryTime`.
fn attempts(main: Server<'_>) -> Option<Arc<SharedWords>> {
    let made = SharedWords::new(retry::PLACES);
    if let Err(problem) = &made {
        main.log::<MirrorBrain>(Level::Warning, || {
            format!("no shared memory, so that MirrorBrainRetryTime has no effect: {problem}")
        });
    }
    made.ok().map(Arc::new)
}

impl ChildInit for Startup {
    fn start(child: Child<'_>) {
        let log = Arc::new(ProcessLog::<MirrorBrain>::open(child));
        let wanted = wanted(child.main());
        let groups = mirror_cache::groups(&wanted);
        let slot = slot(child.main(), &groups);
        let process = Process {
            workers: apache::threads_per_child(),
            processes: child.siblings(),
            slot: slot.clone(),
        };
        let databases = Databases::start(&wanted, process, &logger(&log));
        let opened = wanted
            .iter()
            .filter_map(|(info, settings)| databases.get(info, settings).cloned());
        let mut shared = Shared {
            child,
            log,
            status: Arc::new(Status::new(slot, groups, opened.collect())),
            databases,
            geo: OneEach::default(),
            memories: OneEach::default(),
            made_hashes: Arc::new(MadeHashes::new()),
            roots: Arc::new(Roots::new()),
            large: Arc::default(),
        };
        for server in child.main().all() {
            if let Some(config) = server.config::<MirrorBrain>() {
                // Virtual hosts without directives of ours share the main server's record.
                config.runtime.get_or_init(|| shared.runtime(config));
            }
        }
        child.stop_at_exit(shared.databases, Databases::stop);
    }
}

/// What several servers of a child have in common.
struct Shared<'c> {
    child: Child<'c>,
    log: Arc<ProcessLog<MirrorBrain>>,
    status: Arc<Status>,
    databases: Databases,
    geo: OneEach<Arc<Path>, GeoFile>,
    memories: OneEach<Memory, Stickiness>,
    made_hashes: Arc<MadeHashes>,
    roots: Arc<Roots>,
    large: Arc<LargeDocuments>,
}

/// What tells one memory of clients from another.
#[derive(PartialEq)]
struct Memory {
    instance: String,
    lifetime: Duration,
    servers: Vec<stickiness::Server>,
}

impl Shared<'_> {
    fn runtime(&mut self, config: &Config) -> Runtime {
        Runtime {
            database: database(config)
                .and_then(|(info, settings)| self.databases.get(&info, &settings).cloned()),
            geo: config.geo_database.as_ref().map(|path| self.geo(path)),
            log: Arc::clone(&self.log),
            status: Arc::clone(&self.status),
            made_hashes: Arc::clone(&self.made_hashes),
            stickiness: self.stickiness(config),
            roots: Arc::clone(&self.roots),
            site: site(config),
            large: Arc::clone(&self.large),
            most_large: config.max_large.unwrap_or_else(default_most),
        }
    }

    fn stickiness(&mut self, config: &Config) -> Option<Arc<Stickiness>> {
        if config.memcached != Some(true) || config.memcached_servers.is_empty() {
            return None;
        }
        let memory = Memory {
            instance: config
                .instance
                .as_deref()
                .unwrap_or(DEFAULT_INSTANCE)
                .to_owned(),
            lifetime: config.memcached_lifetime.unwrap_or(DEFAULT_LIFETIME),
            servers: config.memcached_servers.to_vec(),
        };
        let log = logger(&self.log);
        Some(self.memories.get_or_make(memory, |memory| {
            let Memory {
                instance,
                lifetime,
                servers,
            } = memory;
            Stickiness::start(instance, *lifetime, servers, &log)
        }))
    }

    fn geo(&mut self, path: &Arc<Path>) -> Arc<GeoFile> {
        let (child, log) = (self.child, &self.log);
        self.geo.get_or_make(Arc::clone(path), |path| {
            let file = GeoFile::new(path, |path, problem| {
                format!("cannot use {}: {problem}", path.display())
            });
            file.open(child, log);
            file
        })
    }
}

/// What all servers want to connect to.
fn wanted(main: Server<'_>) -> Vec<(ConnectionInfo, Settings)> {
    let records = main
        .all()
        .filter_map(|server| server.config::<MirrorBrain>());
    records.filter_map(database).collect()
}

/// Where this child counts.
fn slot(main: Server<'_>, groups: &[Group]) -> Slot {
    let board = main
        .config::<MirrorBrain>()
        .and_then(|config| config.board.get());
    match board {
        Some(board) => board.slot(),
        None => {
            let names: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
            Board::private(&names).slot()
        }
    }
}

/// What to connect to, and how; none without `DBDParams`.
fn database(config: &Config) -> Option<(ConnectionInfo, Settings)> {
    let info = config.dbd.connection()?;
    Some((info.clone(), settings(config)))
}

fn settings(config: &Config) -> Settings {
    let default = Settings::default();
    Settings {
        pool: config.dbd.pool(),
        cache_ttl: config.cache_ttl.unwrap_or(default.cache_ttl),
        cache_stale: config.cache_stale.unwrap_or(default.cache_stale),
        cache_bytes: config.cache_bytes.unwrap_or(default.cache_bytes),
        mirror_query: config.mirror_query.clone(),
        hash_query: config.hash_query.clone(),
        ..default
    }
}

fn site(config: &Config) -> Site {
    Site {
        generator: GENERATOR.to_owned(),
        publisher: config.publisher.as_deref().cloned(),
        trackers: config.trackers.to_vec(),
        dht_nodes: config.dht_nodes.to_vec(),
        magnet_links: config.magnet_links.unwrap_or(false),
        style_sheet: config.style_sheet.as_deref().map(str::to_owned),
        suppress_file_names: config.suppress_file_names.unwrap_or(false),
    }
}
