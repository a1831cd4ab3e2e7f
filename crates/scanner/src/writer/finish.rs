//! The end of a scan: all that is not in `filearr`.

use mirror_db::tables::deviation::{self, Deviation};
use mirror_db::tables::filearr::merge;
use mirror_db::tables::scan::{self, Scan};
use mirror_db::tables::server;
use mirror_files::compare::Files;
use pg::{Connection, ConnectionError};

/// What a scan leaves.
pub(crate) struct Finish {
    /// Its row.
    pub scan: Scan,
    /// The mirror.
    pub mirror: i32,
    /// Files per minute, if the mirror was read wholly: only then it counts as scanned.
    pub rate: Option<i32>,
    /// What the mirror has now.
    pub snapshot: Snapshot,
    /// What waits for a second scan; `None` if nothing does, or the scan says nothing of that.
    pub held: Held,
    /// Copies that are not the right ones, as far as they are news.
    pub deviations: Vec<Deviation>,
    /// Files whose copies are right, or gone, and were not.
    pub cleared: Vec<i32>,
}

/// What becomes of what is kept of a mirror.
pub(crate) enum Snapshot {
    /// It is as it was.
    Same,
    /// It is this.
    New(Files),
    /// Nobody knows.
    Unknown,
}

/// What becomes of what waits.
pub(crate) enum Held {
    /// It goes on to wait.
    Same,
    /// This waits.
    New(Files),
    /// Nothing does.
    Nothing,
}

impl Finish {
    /// Writes it.
    pub fn write(
        &self,
        connection: &mut Connection,
        has_tables: bool,
    ) -> Result<(), ConnectionError> {
        if let Some(rate) = self.rate {
            server::set_scanned(connection, self.mirror, rate)?;
        }
        if !has_tables {
            return Ok(());
        }
        // Deviations of files that are being written are another transaction's to write.
        if !self.deviations.is_empty() || !self.cleared.is_empty() {
            merge::lock(connection)?;
            deviation::clear(connection, self.mirror, &self.cleared)?;
            deviation::set(connection, self.mirror, &self.deviations)?;
        }
        match &self.snapshot {
            Snapshot::Same => scan::keep_snapshot(connection, self.mirror)?,
            Snapshot::New(files) => {
                scan::set_snapshot(connection, self.mirror, &files.to_bytes())?;
            }
            Snapshot::Unknown => {}
        }
        match &self.held {
            Held::Same => {}
            Held::New(files) => scan::hold(connection, self.mirror, &files.to_bytes())?,
            Held::Nothing => scan::release(connection, self.mirror)?,
        }
        scan::insert(connection, &self.scan).map(drop)
    }
}
