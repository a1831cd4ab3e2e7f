//! The hooks around the start.

use crate::Asn;
use crate::config::{Origin, ServerConfig as Config};
use crate::source::{
    Databases, FileSource, QuerySource, SharedSource, Source, fallback, file_name,
};
use apache::{CheckConfig, Child, ChildInit, Configuration, Level, PostConfig, ProcessLog, Server};
use mirror_db::CustomQuery;
use pg::{ConnectionInfo, PoolSettings};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Checks the configuration and gives each server its source, in the parent; starts the sources
/// in the children.
pub struct Startup;

impl CheckConfig for Startup {
    fn check(main: Server<'_>) -> Result<(), String> {
        module_kit::check::<Asn>(main, Config::needs_database)?;
        let mut needing = main
            .all()
            .filter_map(|server| server.config::<Asn>())
            .filter(|config| config.needs_database());
        let lacks_database = needing.any(|config| {
            matches!(config.origin, Some(Origin::Query(_))) && config.dbd.connection().is_none()
        });
        if lacks_database {
            return Err("ASLookupQuery: DBDParams does not say which database to ask".to_owned());
        }
        Ok(())
    }
}

impl PostConfig for Startup {
    fn prepare(configuration: Configuration<'_>) {
        let component = concat!("mod_asn/", env!("CARGO_PKG_VERSION"));
        let component = configuration.pool().copy_bytes(component.as_bytes());
        configuration.add_version_component(component);
        let mut sources = Sources {
            directory: None,
            known: Vec::new(),
        };
        for server in configuration.main().all() {
            let Some(config) = server.config::<Asn>().filter(|config| config.in_use) else {
                continue;
            };
            if let Some(source) = sources.of(configuration, server, config) {
                // A virtual host without directives of ours has the main server's record.
                let _ = config.source.set(source);
            }
        }
        sources.remove_other_files();
    }
}

impl ChildInit for Startup {
    fn start(child: Child<'_>) {
        let log = Arc::new(ProcessLog::<Asn>::open(child));
        let mut databases = Databases::new(&log);
        let mut started: Vec<Arc<Source>> = Vec::new();
        for source in child
            .main()
            .all()
            .filter_map(|server| server.config::<Asn>()?.source.get())
        {
            if !started.iter().any(|known| Arc::ptr_eq(known, source)) {
                source.start(child, &mut databases);
                started.push(Arc::clone(source));
            }
        }
        let driver = databases.into_driver();
        child.stop_at_exit((started, driver), |(started, driver)| {
            started.iter().for_each(|source| source.stop());
            if let Some(driver) = driver {
                driver.stop();
            }
        });
    }
}

/// What tells one source from another.
#[derive(PartialEq)]
enum Key {
    /// The table of a database, by the name of its file.
    Table(String, Duration),
    Query(Box<(ConnectionInfo, PoolSettings, CustomQuery)>, Duration),
    File(Arc<Path>),
}

/// The sources of all servers; servers that say the same share one.
struct Sources {
    /// That of the tables, once one is needed; `None` within if it cannot be used.
    directory: Option<Option<PathBuf>>,
    known: Vec<(Key, Arc<Source>)>,
}

impl Sources {
    /// The source of a server; none if it names no database.
    fn of(
        &mut self,
        configuration: Configuration<'_>,
        server: Server<'_>,
        config: &Config,
    ) -> Option<Arc<Source>> {
        let (settings, refresh) = (config.dbd.pool(), config.refresh());
        if let Some(Origin::File(path)) = &config.origin {
            return Some(self.share(Key::File(Arc::clone(path)), || {
                let (source, problem) = FileSource::new(path);
                if let Some(problem) = problem {
                    server.log::<Asn>(Level::Error, || problem);
                }
                Source::File(source)
            }));
        }
        let database = config.dbd.connection()?.clone();
        if let Some(Origin::Query(query)) = &config.origin {
            let what = (database.clone(), settings.clone(), (**query).clone());
            return Some(self.share(Key::Query(Box::new(what), refresh), || {
                let takes_address = query.parameters() > 0;
                let statement = query.statement("ASLookupQuery");
                let source =
                    QuerySource::new(database, settings, statement, takes_address, refresh);
                Source::Query(source)
            }));
        }
        let name = file_name(&database, &settings);
        let directory = self.directory(configuration);
        Some(
            self.share(Key::Table(name.clone(), refresh), || match directory {
                Some(directory) => {
                    let file = directory.join(name);
                    Source::Shared(SharedSource::new(file, database, settings, refresh))
                }
                None => {
                    let (settings, statement) = fallback(settings);
                    Source::Query(QuerySource::new(
                        database, settings, statement, true, refresh,
                    ))
                }
            }),
        )
    }

    fn share(&mut self, key: Key, make: impl FnOnce() -> Source) -> Arc<Source> {
        if let Some((_, source)) = self.known.iter().find(|(known, _)| *known == key) {
            return Arc::clone(source);
        }
        let source = Arc::new(make());
        self.known.push((key, Arc::clone(&source)));
        source
    }

    /// The directory of the tables, made if it is not there. Where it cannot be used, lookups go on
    /// without: a server that has run does not end because of it.
    fn directory(&mut self, configuration: Configuration<'_>) -> Option<PathBuf> {
        let find = || {
            let problem = match apache::runtime_dir_relative(configuration.pool(), c"mod_asn") {
                Some(path) => {
                    let path = Path::new(OsStr::from_bytes(path.to_bytes()));
                    match asn::shared::prepare_directory(path, apache::child_ids()) {
                        Ok(()) => return Some(path.to_owned()),
                        Err(problem) => problem.to_string(),
                    }
                }
                None => "DefaultRuntimeDir is not a usable path".to_owned(),
            };
            configuration.main().log::<Asn>(Level::Error, || {
                format!(
                    "ASLookup: {problem} (DefaultRuntimeDir names the place); until a restart \
                     finds it so, pfx2asn is not kept in memory and the database is asked for \
                     each new address"
                )
            });
            None
        };
        self.directory.get_or_insert_with(find).clone()
    }

    /// Removes the tables of databases that are not configured any more.
    fn remove_other_files(&self) {
        let Some(Some(directory)) = &self.directory else {
            return;
        };
        let files = self.known.iter().filter_map(|(key, _)| match key {
            Key::Table(name, _) => Some(directory.join(name)),
            _ => None,
        });
        asn::shared::remove_others(directory, &files.collect::<Vec<_>>());
    }
}
