//! A table of the Internet's size: the same answers as SQL, for any address.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use asn::shared::{Refresher, SharedTable};
use asn::table::Range;
use asn::table::synthetic::{Random, routes};
use harness::httpd::{Httpd, Mpm};
use harness::postgres::{Cluster, Database};
use harness::process::amount;
use pg::ConnectionInfo;

/// Ranges and addresses. The full size takes a minute of PostgreSQL's time; `ASN_FULL_SIZE=1` in
/// the environment asks for it.
fn sizes() -> (usize, usize, usize) {
    if std::env::var_os("ASN_FULL_SIZE").is_some() {
        (600_000, 130_000, 1_000_000)
    } else {
        (30_000, 10_000, 40_000)
    }
}

/// Rows of `pfx2asn`, in a database of their own.
fn fill<'c>(name: &str, routes: &[(Range, u32)], directory: &Path) -> Database<'c> {
    let db = Cluster::shared().database(name, &[]);
    let rows: Vec<String> = routes
        .iter()
        .map(|(range, asn)| format!("{range}\t{asn}\n"))
        .collect();
    // An index that grows with the rows would take most of the time.
    db.sql("DROP INDEX pfx2asn_pfx_key");
    copy(&db, "pfx2asn", &file(directory, "rows", &rows.concat()));
    db.sql("CREATE INDEX pfx2asn_pfx_key ON pfx2asn USING gist (pfx)");
    db
}

fn file(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, text).expect("a file of rows");
    path
}

#[test]
fn every_address_gets_the_answer_of_sql() {
    let (v4, v6, count) = sizes();
    let routes = routes(4, v4, v6);
    let directory = harness::temp_dir("asn");
    let db = fill("asn_full_size", &routes, directory.path());
    let mut random = Random::new(5);
    let addresses: Vec<_> = (0..count).map(|_| random.address(&routes)).collect();
    let asked: Vec<String> = addresses
        .iter()
        .enumerate()
        .map(|(n, a)| format!("{n}\t{a}\n"))
        .collect();
    db.sql("CREATE TABLE asked (n integer, address iprange)");
    copy(
        &db,
        "asked",
        &file(directory.path(), "asked", &asked.concat()),
    );
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
fn copy(db: &Database<'_>, table: &str, file: &Path) {
    let mut client = db.connect().expect("a connection");
    let copy = format!("COPY {table} FROM STDIN");
    let mut writer = client.copy_in(&copy).expect("COPY");
    io::copy(&mut File::open(file).expect("the rows"), &mut writer).expect("rows");
    writer.finish().expect("COPY");
}

/// Loads the table as a child of httpd does.
fn load(params: &str, directory: &Path) -> Arc<SharedTable<Vec<u8>>> {
    let table = Arc::new(SharedTable::new(directory.join("t.table"), |file| {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut &*file, &mut bytes).map(|_| bytes)
    }));
    let keeper = Refresher {
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

/// Children of the server whose memory is measured.
const CHILDREN: usize = 16;

/// The memory of all processes together: what the table adds to a server that does not use it.
#[test]
fn the_table_costs_at_most_32_mb_for_all_children() {
    let (v4, v6, _) = sizes();
    let routes = routes(4, v4, v6);
    let directory = harness::temp_dir("asn_memory");
    let db = fill("asn_memory", &routes, directory.path());
    let mut random = Random::new(6);
    let clients: Vec<String> = (0..4000)
        .map(|_| random.address(&routes).to_string())
        .collect();
    let memory = |lookup: &str| {
        let httpd = super::site(&db.params())
            .mpm(Mpm::Prefork)
            .config(&format!("StartServers {CHILDREN}\nServerLimit {CHILDREN}"))
            .config(&format!(
                "MinSpareServers {CHILDREN}\nMaxRequestWorkers {CHILDREN}"
            ))
            .config("LogLevel asn:debug")
            .allow("AH00161: server reached MaxRequestWorkers")
            .config(&format!(
                "<Directory \"@TREE@\">\nASLookup {lookup}\n</Directory>"
            ))
            .start();
        if lookup == "On" {
            let limit = Instant::now() + Duration::from_secs(60);
            while !httpd.log().contains("loaded pfx2asn") {
                assert!(Instant::now() < limit, "{}", httpd.log());
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        let found = clients
            .iter()
            .filter(|client| super::ask(&httpd, client) != "-");
        let found = found.count();
        assert!(lookup == "Off" || found > clients.len() / 2, "{found}");
        assert_eq!(httpd.children().len(), CHILDREN);
        for line in httpd
            .log()
            .lines()
            .filter(|line| line.contains("loaded pfx2asn"))
        {
            println!("{line}");
        }
        pss(&httpd)
    };
    let (without, with) = (memory("Off"), memory("On"));
    println!("{CHILDREN} children: {without} kB without, {with} kB with the table");
    assert!(
        with.saturating_sub(without) <= 32 << 10,
        "{without} kB, {with} kB"
    );
}

/// Proportional set size of the process group, in kB: shared pages count once for all.
fn pss(httpd: &Httpd) -> u64 {
    let processes = std::iter::once(httpd.pid()).chain(httpd.children());
    processes
        .filter_map(|pid| amount(pid, "smaps_rollup", "Pss:"))
        .sum::<u64>()
        >> 10
}
