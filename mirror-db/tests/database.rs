//! The database layer against a real PostgreSQL.

use mirror_db::{ConnectionInfo, Database, LogLevel, Logger, Settings};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tests::postgres::Cluster;

/// Collects the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn logger(&self) -> Logger {
        let lines = self.0.clone();
        Arc::new(move |level, text| {
            if level < LogLevel::Debug {
                lines.lock().unwrap().push(text.to_owned());
            }
        })
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn open(params: &str, settings: Settings) -> (Database, Log) {
    let log = Log::default();
    let database = Database::new(
        ConnectionInfo::parse(params).unwrap(),
        settings,
        log.logger(),
    );
    database.start().unwrap();
    (database, log)
}

#[test]
fn a_file_of_the_fixture_has_its_mirrors_and_digests() {
    let fixture = tests::workspace().join("tests/compat/fixture.sql");
    let db = Cluster::shared().database("db_fixture", &[&fixture]);
    let (database, log) = open(&db.params(), Settings::default());
    let record = database
        .file("iso/full.iso", 1_500_000, 1_700_000_000)
        .unwrap();
    let table = database.mirrors();
    assert_eq!(record.mirrors(&table).count(), 36);
    let digests = record.digests(1_500_000, 1_700_000_000).unwrap();
    assert!(digests.has_pieces && digests.has_pgp && digests.has_zsync);
    assert!(digests.sha256.is_some());
    assert!(record.digests(1_500_000, 1).is_none());
    let hashes = database
        .hashes("iso/full.iso", 1_500_000, 1_700_000_000)
        .unwrap()
        .unwrap();
    assert_eq!(hashes.digests(), digests);
    assert_eq!(hashes.pieces().len(), 6 * 20);
    assert_eq!(hashes.zsync_hash_lengths(), "2,2,5");
    assert_eq!(hashes.zsync_sums().len(), 7 * 733);
    assert!(hashes.pgp().starts_with("-----BEGIN PGP"));
    let unknown = database.file("iso/unknown.iso", 1, 1).unwrap();
    assert_eq!(unknown.mirrors(&table).count(), 0);
    let start = std::time::Instant::now();
    for _ in 0..100_000 {
        database
            .file("iso/full.iso", 1_500_000, 1_700_000_000)
            .unwrap();
    }
    println!("hot: {:?} per look-up", start.elapsed() / 100_000);
    let start = std::time::Instant::now();
    for i in 0..2_000 {
        database.file(&format!("x/{i}"), 1, 1).unwrap();
    }
    println!("cold: {:?} per look-up", start.elapsed() / 2_000);
    std::thread::sleep(Duration::from_millis(10));
    drop(database);
    assert_eq!(log.take(), Vec::<String>::new());
}
