//! `ASLookupDatabase`: an mmdb file.

use super::Network;
use crate::Asn;
use apache::{Child, ProcessLog};
use module_kit::GeoFile;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The file at a path.
pub struct FileSource {
    file: GeoFile,
    log: OnceLock<Arc<ProcessLog<Asn>>>,
}

impl FileSource {
    /// Looks at the file, in the parent, so that what is wrong with it is said once and not by each
    /// child; a better file may come.
    pub fn new(path: &Path) -> (Self, Option<String>) {
        let file = GeoFile::new(path, |_, problem| failed(problem));
        let problem = file.inspect().map(|problem| failed(&problem.to_string()));
        let log = OnceLock::new();
        (Self { file, log }, problem)
    }

    /// Opens the file.
    pub fn start(&self, child: Child<'_>, log: &Arc<ProcessLog<Asn>>) {
        self.file.open(child, log);
        let _ = self.log.set(Arc::clone(log));
    }

    pub fn find(&self, address: IpAddr) -> Option<Network> {
        if let Some(log) = self.log.get() {
            self.file.refresh(log);
        }
        let found = self.file.autonomous_system(address)?;
        Some(Network {
            prefix: found.prefix.to_string(),
            asn: found.number.to_string(),
        })
    }
}

fn failed(problem: &str) -> String {
    format!("ASLookupDatabase: {problem}")
}
