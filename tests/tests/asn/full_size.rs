//! A table of the Internet's size: the same answers as SQL, for any address.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use asn_db::{Keeper, SharedTable};
use asn_table::synthetic::{Random, routes};
use mirror_db::ConnectionInfo;
use tests::postgres::Cluster;

/// Ranges and addresses. The full size takes a minute of PostgreSQL's time; `ASN_FULL_SIZE=1` in
/// the environment asks for it.
fn sizes() -> (usize, usize, usize) {
    if std::env::var_os("ASN_FULL_SIZE").is_some() {
        (600_000, 130_000, 1_000_000)
    } else {
        (30_000, 10_000, 40_000)
    }
}

#[test]
fn every_address_gets_the_answer_of_sql() {
    let (v4, v6, count) = sizes();
    let routes = routes(4, v4, v6);
    let db = Cluster::shared().database("asn_full_size", &[]);
    let directory = tests::temp_dir("asn");
    let file = |name: &str, text: String| {
        let path = directory.path().join(name);
        fs::write(&path, text).expect("a file of rows");
        path
    };
    let rows: Vec<String> = routes
        .iter()
        .map(|(range, asn)| format!("{range}\t{asn}\n"))
        .collect();
    let mut random = Random::new(5);
    let addresses: Vec<_> = (0..count).map(|_| random.address(&routes)).collect();
    let asked: Vec<String> = addresses
        .iter()
        .enumerate()
        .map(|(n, a)| format!("{n}\t{a}\n"))
        .collect();
    db.sql("CREATE TABLE asked (n integer, address iprange)");
    copy(&db, "pfx2asn", &file("rows", rows.concat()));
    copy(&db, "asked", &file("asked", asked.concat()));
    db.sql("ANALYZE");

    let table = load(&db.params(), directory.path());
    let expected = db.sql(
        "SELECT pfx, asn FROM asked LEFT JOIN LATERAL \
         (SELECT pfx, asn FROM pfx2asn WHERE pfx >>= address ORDER BY @ pfx LIMIT 1) AS found \
         ON true ORDER BY n",
    );
    let mut found = 0;
    for (address, expected) in addresses.iter().zip(expected.lines()) {
        let answer = table.lookup(*address);
        let text = answer.map(|network| format!("{}|{}", network.prefix, network.asn));
        assert_eq!(text.as_deref().unwrap_or("|"), expected, "{address}");
        found += usize::from(answer.is_some());
    }
    assert_eq!(expected.lines().count(), count);
    assert!(
        found > count / 2 && found < count,
        "{found} of {count} addresses were found"
    );
}

#[track_caller]
fn copy(db: &tests::postgres::Database<'_>, table: &str, file: &Path) {
    db.sql(&format!("\\copy {table} FROM '{}'", file.display()));
}

/// Loads the table as a child of httpd does.
fn load(params: &str, directory: &Path) -> Arc<SharedTable<Vec<u8>>> {
    let table = Arc::new(SharedTable::new(directory.join("t.table"), |file| {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut &*file, &mut bytes).map(|_| bytes)
    }));
    let keeper = Keeper {
        table: Arc::clone(&table),
        database: ConnectionInfo::parse(params).expect("a connection string"),
        init_sql: Vec::new(),
        refresh: Duration::from_secs(60),
        log: Arc::new(|_, text| println!("{text}")),
    };
    let start = Instant::now();
    let keeper = keeper.start(|| ()).expect("a thread");
    while !table.is_loaded() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the table is not loaded"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    println!("loaded after {:?}", start.elapsed());
    drop(keeper);
    table
}
