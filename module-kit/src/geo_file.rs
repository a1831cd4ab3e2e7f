//! A geo database (mmdb) as the children of httpd use it.

use apache::{Child, Definition, Level, MappedFile, ProcessLog};
use geo_db::{Event, Reloading};
use std::ops::Deref;
use std::path::Path;
use std::time::Instant;

/// The file at a path, mapped, so that all children share its pages; a new one is taken up when it is
/// moved into place.
pub struct GeoFile {
    database: Reloading<MappedFile>,
    /// What the log says of a file that cannot be used.
    failed: fn(&Path, &str) -> String,
}

impl GeoFile {
    /// Opens nothing yet. `failed` makes the line of the log of a path and its problem.
    pub fn new(path: &Path, failed: fn(&Path, &str) -> String) -> Self {
        Self {
            database: Reloading::new(path, |_, file| MappedFile::map(file)),
            failed,
        }
    }

    /// Opens the file in a child, which then survives that the file is cut.
    pub fn open<D: Definition>(&self, child: Child<'_>, log: &ProcessLog<D>) {
        child.survive_truncation();
        self.refresh(log);
    }

    /// Takes up a new file, if there is one.
    pub fn refresh<D: Definition>(&self, log: &ProcessLog<D>) {
        let path = self.database.path();
        match self.database.refresh(Instant::now()) {
            None => {}
            Some(Event::Opened) => log.log(Level::Info, &format!("opened {}", path.display())),
            Some(Event::Failed(problem)) => {
                log.log(Level::Error, &(self.failed)(path, &problem.to_string()));
            }
        }
    }
}

impl Deref for GeoFile {
    type Target = Reloading<MappedFile>;

    fn deref(&self) -> &Self::Target {
        &self.database
    }
}
