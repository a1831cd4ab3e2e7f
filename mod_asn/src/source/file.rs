//! `ASLookupDatabase`: an mmdb file.

use super::Network;
use crate::Asn;
use apache::{Child, Level, MappedFile, ProcessLog};
use geo_db::{Event, Reloading};
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// The file at a path, mapped; a new one is taken up when it is moved into place.
pub struct FileSource {
    database: Reloading<MappedFile>,
    log: OnceLock<Arc<ProcessLog<Asn>>>,
}

impl FileSource {
    /// Looks at the file, in the parent, so that what is wrong with it is said once and not by each
    /// child; a better file may come.
    pub fn new(path: &Path) -> (Self, Option<String>) {
        let database = Reloading::new(path, |_, file| MappedFile::map(file));
        let problem = database.inspect();
        let source = Self {
            database,
            log: OnceLock::new(),
        };
        (
            source,
            problem.map(|problem| format!("ASLookupDatabase: {problem}")),
        )
    }

    /// Opens the file. All children map the same pages of it.
    pub fn start(&self, child: Child<'_>, log: &Arc<ProcessLog<Asn>>) {
        child.survive_truncation();
        let _ = self.log.set(Arc::clone(log));
        self.refresh();
    }

    pub fn find(&self, address: IpAddr) -> Option<Network> {
        self.refresh();
        let found = self.database.autonomous_system(address)?;
        Some(Network {
            prefix: found.prefix.to_string(),
            asn: found.number.to_string(),
        })
    }

    fn refresh(&self) {
        let Some((event, log)) = self.database.refresh(Instant::now()).zip(self.log.get()) else {
            return;
        };
        match event {
            Event::Opened => {
                let text = format!("opened {}", self.database.path().display());
                log.log(Level::Info, &text);
            }
            Event::Failed(problem) => {
                log.log(Level::Error, &format!("ASLookupDatabase: {problem}"));
            }
        }
    }
}
