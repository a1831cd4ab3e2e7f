//! The site on disk and in PostgreSQL, made once for all servers of a run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fastrand::Rng;
use harness::postgres::{Cluster, Database};
use harness::{files, temp_dir};
use tempfile::TempDir;

use crate::dataset::{self, FILE_SIZE, Files, MTIME, Size};
use crate::geography;

/// What the random parts of the site are drawn from.
const SEED: u64 = 2_026;

/// Starts the PostgreSQL of a run. Its tables fit into its memory, as they do on a real site.
pub fn start_cluster() -> Cluster {
    Cluster::start(&[
        ("shared_buffers", "512MB"),
        ("max_wal_size", "4GB"),
        ("autovacuum", "off"),
    ])
}

/// Files on disk, sparse.
#[derive(Debug)]
pub struct Tree {
    dir: TempDir,
}

impl Tree {
    /// Makes the files.
    pub fn new(files: Files) -> Self {
        let dir = temp_dir("tree");
        for file in 0..files.count {
            files::sparse(dir.path(), &files.path(file), FILE_SIZE, MTIME);
        }
        files::sparse(dir.path(), dataset::SMALL, dataset::SMALL_SIZE, MTIME);
        Self { dir }
    }
}

/// Database and geo database of one size, beside files that may be fewer than the rows.
#[derive(Debug)]
pub struct Site<'s> {
    /// The rows.
    pub database: Database<'s>,
    tree: &'s Tree,
    dir: TempDir,
}

impl<'s> Site<'s> {
    /// Makes the databases.
    pub fn new(cluster: &'s Cluster, tree: &'s Tree, size: Size) -> Self {
        let dir = temp_dir("site");
        let script = dir.path().join("site.sql");
        dataset::write_sql(&script, size, &mut Rng::with_seed(SEED)).expect("rows of the site");
        // The same size may be wanted again; databases last as long as the cluster.
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("site_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let database = cluster.database(&name, &[&script]);
        std::fs::remove_file(&script).expect("rows are loaded");
        geography::write_mmdb(&dir.path().join("geo.mmdb"), &mut Rng::with_seed(SEED));
        Self {
            database,
            tree,
            dir,
        }
    }

    /// Has all servers forget what they know of files, as the triggers of sql/notify.sql do.
    pub fn have_files_forgotten(&self) {
        self.database.sql("NOTIFY mirrorbrain, 'files'");
        std::thread::sleep(Duration::from_millis(100));
    }

    /// The document root.
    pub fn tree(&self) -> &Path {
        self.tree.dir.path()
    }

    /// The geo database.
    pub fn mmdb(&self) -> PathBuf {
        self.dir.path().join("geo.mmdb")
    }
}
