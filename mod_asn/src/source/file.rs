//! `ASLookupDatabase`: an mmdb file.

use super::Found;
use crate::Asn;
use apache::{Level, MappedFile, ProcessLog};
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
    /// Opens the file, in the parent, so that all children use one map. `Err` says what is wrong
    /// with it; a better file may come.
    pub fn open(path: &Path) -> (Self, Option<String>) {
        let source = Self {
            database: Reloading::new(path, |_, file| MappedFile::map(file)),
            log: OnceLock::new(),
        };
        let problem = match source.database.refresh(Instant::now()) {
            Some(Event::Failed(problem)) => Some(format!("ASLookupDatabase: {problem}")),
            _ => None,
        };
        (source, problem)
    }

    pub fn start(&self, log: &Arc<ProcessLog<Asn>>) {
        apache::survive_truncation();
        let _ = self.log.set(Arc::clone(log));
    }

    pub fn find(&self, address: IpAddr) -> Option<Found> {
        if let Some(event) = self.database.refresh(Instant::now()) {
            self.report(&event);
        }
        let found = self.database.autonomous_system(address)?;
        Some(Found {
            prefix: found.prefix.to_string(),
            asn: found.number.to_string(),
        })
    }

    fn report(&self, event: &Event) {
        let Some(log) = self.log.get() else { return };
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
