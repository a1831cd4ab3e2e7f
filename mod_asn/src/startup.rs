//! The hooks around the start.

use crate::Asn;
use crate::config::{Origin, Server as Config};
use crate::source::{FileSource, QuerySource, SharedSource, Source, file_name};
use apache::{ChildInit, Level, Pool, PostConfig, ProcessLog, Server};
use mirror_db::{ConnectionInfo, CustomQuery, PoolSettings};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Checks the configuration and gives each server its source, in the parent; starts the sources
/// in the children.
pub struct Startup;

impl PostConfig for Startup {
    fn check(main: Server<'_>, pool: Pool<'_>) -> Result<(), String> {
        let component = concat!("mod_asn/", env!("CARGO_PKG_VERSION"));
        apache::add_version_component(pool, pool.c_str(component.as_bytes()));
        let directory = apache::runtime_dir_relative(pool, c"mod_asn")
            .map(|path| Path::new(OsStr::from_bytes(path.to_bytes())).to_owned())
            .ok_or("DefaultRuntimeDir is not a usable path")?;
        let mut sources = Sources {
            directory,
            known: Vec::new(),
        };
        for server in main.all() {
            let Some(config) = server.config::<Asn>().filter(|config| config.in_use) else {
                continue;
            };
            if let Some(source) = sources.of(server, config)? {
                // A virtual host without directives of ours has the main server's record.
                let _ = config.source.set(source);
            }
        }
        sources.prepare_files()
    }
}

impl ChildInit for Startup {
    fn start(main: Server<'_>, pool: Pool<'_>) {
        let log = Arc::new(ProcessLog::<Asn>::open(main, pool));
        let mut started: Vec<Arc<Source>> = Vec::new();
        for source in main
            .all()
            .filter_map(|server| server.config::<Asn>()?.source.get())
        {
            if !started.iter().any(|known| Arc::ptr_eq(known, source)) {
                source.start(&log);
                started.push(Arc::clone(source));
            }
        }
        apache::stop_on_child_exit(pool, started, |started| {
            started.iter().for_each(|source| source.stop());
        });
    }
}

/// What tells one source from another.
#[derive(PartialEq)]
enum Key {
    Shared(PathBuf, Duration),
    Query(Box<(ConnectionInfo, PoolSettings, CustomQuery)>, Duration),
    File(Arc<Path>),
}

/// The sources of all servers; servers that say the same share one.
struct Sources {
    directory: PathBuf,
    known: Vec<(Key, Arc<Source>)>,
}

impl Sources {
    /// The source of a server; none if it names no database.
    fn of(&mut self, server: Server<'_>, config: &Config) -> Result<Option<Arc<Source>>, String> {
        let database = config.dbd.connection();
        let (settings, refresh) = (config.dbd.pool(), config.refresh());
        let source = match (&config.origin, database) {
            (Some(Origin::File(path)), _) => self.share(Key::File(Arc::clone(path)), || {
                let (source, problem) = FileSource::open(path);
                if let Some(problem) = problem {
                    server.log::<Asn>(Level::Error, || problem);
                }
                Source::File(source)
            }),
            (Some(Origin::Query(_)), None) => {
                return Err("ASLookupQuery: DBDParams does not say which database to ask".into());
            }
            (Some(Origin::Query(query)), Some(database)) => {
                let what = (database.clone(), settings.clone(), (**query).clone());
                self.share(Key::Query(Box::new(what), refresh), || {
                    let database = database.clone();
                    Source::Query(QuerySource::new(database, settings, query, refresh))
                })
            }
            (None, Some(database)) => {
                let file = self.directory.join(file_name(database, &settings));
                self.share(Key::Shared(file.clone(), refresh), || {
                    let info = database.clone();
                    Source::Shared(SharedSource::new(file, info, settings, refresh))
                })
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(source))
    }

    fn share(&mut self, key: Key, make: impl FnOnce() -> Source) -> Arc<Source> {
        if let Some((_, source)) = self.known.iter().find(|(known, _)| *known == key) {
            return Arc::clone(source);
        }
        let source = Arc::new(make());
        self.known.push((key, Arc::clone(&source)));
        source
    }

    /// Makes the directory of the shared tables, if there are any.
    fn prepare_files(&self) -> Result<(), String> {
        let files = self.known.iter().filter_map(|(key, _)| match key {
            Key::Shared(file, _) => Some(file.clone()),
            _ => None,
        });
        let files: Vec<PathBuf> = files.collect();
        if files.is_empty() {
            return Ok(());
        }
        asn_db::prepare_directory(&self.directory, apache::child_ids())
            .map_err(|error| format!("ASLookup: {error} (DefaultRuntimeDir names the place)"))?;
        asn_db::remove_others(&self.directory, &files);
        Ok(())
    }
}
