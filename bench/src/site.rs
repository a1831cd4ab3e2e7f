//! The site on disk and in PostgreSQL, made once for all servers of a run.

use std::path::PathBuf;

use fastrand::Rng;
use tempfile::TempDir;
use tests::postgres::{Cluster, Database};
use tests::{files, temp_dir};

use crate::dataset::{self, FILE_SIZE, MTIME, Size};
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

/// Files, database and geo database of one size.
#[derive(Debug)]
pub struct Site<'c> {
    /// The rows.
    pub database: Database<'c>,
    dir: TempDir,
}

impl<'c> Site<'c> {
    /// Makes the site: rows for all files, and the first `files_on_disk` of them as files, sparse.
    pub fn new(cluster: &'c Cluster, size: Size, files_on_disk: u32) -> Self {
        let dir = temp_dir("site");
        let script = dir.path().join("site.sql");
        dataset::write_sql(&script, size, &mut Rng::with_seed(SEED)).expect("rows of the site");
        let name = format!("site_{}_{}", size.mirrors, size.paths);
        let database = cluster.database(&name, &[&script]);
        std::fs::remove_file(&script).expect("rows are loaded");
        geography::write_mmdb(&dir.path().join("geo.mmdb"), &mut Rng::with_seed(SEED));
        let tree = dir.path().join("tree");
        for file in 0..files_on_disk.min(size.paths) {
            files::sparse(&tree, &dataset::path(file), FILE_SIZE, MTIME);
        }
        Self { database, dir }
    }

    /// The document root.
    pub fn tree(&self) -> PathBuf {
        self.dir.path().join("tree")
    }

    /// The geo database.
    pub fn mmdb(&self) -> PathBuf {
        self.dir.path().join("geo.mmdb")
    }
}
