//! Behind Debian's pgbouncer, in both modes that sites use.

#![allow(missing_docs, reason = "tests")]

mod common;

use common::{FULL, fixture, mirrors, open, ttl, until, version};
use harness::pgbouncer::Pgbouncer;
use harness::postgres::Cluster;
use mirror_cache::Settings;
use mirror_db::{CustomQuery, Detail};
use pg::{Connection, ConnectionInfo};
use std::sync::Arc;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

fn search_path() -> Settings {
    let mut settings = ttl(0);
    settings.pool.init_sql = vec!["SET search_path = public, pg_temp".to_owned()];
    settings
}

/// The rows of a query of someone else behind the pooler.
fn others_see(pooler: &Pgbouncer, question: &str) -> Vec<String> {
    let mut other = postgres::Client::connect(&pooler.params(), postgres::NoTls).unwrap();
    let messages = other.simple_query(question).unwrap();
    let rows = messages.iter().filter_map(|message| match message {
        postgres::SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.flat_map(|row| (0..row.len()).map(|i| row.get(i).unwrap_or_default().to_owned()))
        .collect()
}

/// A session of the server for each connection: everything is as it is without a pooler.
#[test]
fn a_pooler_of_sessions_goes_unnoticed() {
    let notify = harness::workspace().join("sql/notify.sql");
    let recorded = harness::workspace().join("tests/compat/modules/fixture.sql");
    let db = Cluster::shared().database("session_pool", &[&recorded, &notify]);
    let pooler = Pgbouncer::start(&db, "session");
    let (database, log) = open(&pooler.params(), ttl(60));
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    db.sql("UPDATE filearr SET mirrors = '{1}' WHERE path = 'iso/full.iso'");
    let heard = until(SECOND, || mirrors(&database, "iso/full.iso") == Ok(1));
    println!("heard of a change after {heard:?}");
    let prepared = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'session_pool' \
                    AND query LIKE 'LISTEN%'";
    println!("{}", db.sql(prepared));
    assert_eq!(log.take(), Vec::<String>::new(), "{}", pooler.log());
}

/// Whatever mode a session was in, what is left there by one is met by all.
#[test]
fn a_pooler_of_transactions_is_noticed_and_nothing_is_left_in_its_sessions() {
    let db = fixture(Cluster::shared(), "transaction_pool");
    let pooler = Pgbouncer::start(&db, "transaction");
    let all: Vec<_> = (0..4)
        .map(|_| open(&pooler.params(), search_path()))
        .collect();
    let failed: usize = scope(|scope| {
        let ask = |database| {
            let end = Instant::now() + 3 * SECOND;
            let mut failed = 0;
            while Instant::now() < end {
                failed += usize::from(mirrors(database, "iso/full.iso") != Ok(36));
            }
            failed
        };
        let askers: Vec<_> = all
            .iter()
            .flat_map(|(database, _)| [database; 3])
            .map(|database| scope.spawn(move || ask(database)))
            .collect();
        askers.into_iter().map(|asker| asker.join().unwrap()).sum()
    });
    assert_eq!(failed, 0);
    let (database, _) = &all[0];
    let (path, size, mtime) = FULL;
    let record = database.file(version(path, size, mtime)).unwrap();
    let digests = record.digests(size, mtime).unwrap();
    let sums = database.sums(version(path, size, mtime), digests, Detail::Blocks);
    let range = sums.unwrap().range(0).unwrap();
    assert!(!range.as_ref().is_empty());
    for (_, log) in &all {
        let lines = log.take();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("pool_mode=transaction"), "{lines:?}");
    }
    let names = [
        "current_setting('statement_timeout')",
        "current_setting('search_path')",
        "(SELECT count(*) FROM pg_prepared_statements)",
        "(SELECT count(*) FROM pg_listening_channels())",
        "pg_backend_pid()",
    ];
    let question = format!("SELECT pg_sleep(0.1), {}", names.join(", "));
    let mut seen = std::collections::BTreeSet::new();
    scope(|scope| {
        let looks: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| others_see(&pooler, &question)))
            .collect();
        for look in looks {
            let mut row = look.join().unwrap();
            seen.insert(row.pop());
            assert_eq!(row[1..], ["0", "\"$user\", public", "0", "0"]);
        }
    });
    assert_eq!(seen.len(), 2, "sessions that were looked at");
}

/// A site's own query may have columns that no client knows the type of.
#[test]
fn a_sites_own_queries_work_in_shared_sessions() {
    let db = fixture(Cluster::shared(), "own_in_pool");
    db.sql("INSERT INTO pfx2asn VALUES ('10.0.0.0/8', 64512)");
    let pooler = Pgbouncer::start(&db, "transaction");
    let query =
        "SELECT pfx, asn FROM pfx2asn WHERE pfx >>= ip4r(%s)::iprange ORDER BY @ pfx LIMIT 1";
    let query = CustomQuery::parse(query, 1).unwrap();
    let statement = Arc::new(query.statement("ASLookupQuery"));
    let all: Vec<_> = (0..3).map(|_| open(&pooler.params(), ttl(0))).collect();
    for _ in 0..20 {
        for (database, _) in &all {
            let rows = database
                .pool()
                .query_text(&statement, vec!["10.1.1.1".into()]);
            let wanted = vec![vec![Some("10.0.0.0/8".into()), Some("64512".into())]];
            assert_eq!(rows, Ok(wanted));
        }
    }
    for (_, log) in &all {
        assert_eq!(log.take().len(), 1);
    }
}

/// An administrator may turn to the other mode at any time.
#[test]
fn a_pooler_that_changes_its_mode_costs_no_answer() {
    let db = fixture(Cluster::shared(), "changing_pool");
    let pooler = Pgbouncer::start(&db, "session");
    let (database, log) = open(&pooler.params(), ttl(0));
    assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
    pooler.reload("transaction", 3);
    let end = Instant::now() + 3 * SECOND;
    scope(|scope| {
        for _ in 0..8 {
            let mut other = postgres::Client::connect(&pooler.params(), postgres::NoTls).unwrap();
            scope.spawn(move || {
                while Instant::now() < end {
                    other.batch_execute("SELECT pg_sleep(0.01)").unwrap();
                }
            });
        }
        while Instant::now() < end {
            assert_eq!(mirrors(&database, "iso/full.iso"), Ok(36));
            sleep(Duration::from_millis(5));
        }
    });
    let lines = log.take();
    let is_said = |line: &String| line.contains("pool_mode=transaction");
    assert!(lines.iter().all(is_said), "{lines:?}");
}

/// What mod_asn and mb do beside the requests.
#[test]
fn a_connection_for_other_work_leaves_nothing_in_shared_sessions_either() {
    let db = fixture(Cluster::shared(), "work_in_pool");
    let pooler = Pgbouncer::start(&db, "transaction");
    let info = ConnectionInfo::parse_with(&pooler.params(), |_| None).unwrap();
    let init = ["SET search_path = pg_catalog, public".to_owned()];
    let open = |init: &[String]| Connection::open(&info, init, 5 * SECOND).unwrap();
    let (mut writers, mut readers) = ([open(&[]), open(&[])], [open(&init), open(&init)]);
    for round in 0..20 {
        let key = format!("pooled/{round}");
        for writer in &mut writers {
            let insert = "INSERT INTO filearr (path) VALUES ($1) ON CONFLICT DO NOTHING";
            writer.execute(insert, &[&key]).unwrap();
            let found = writer.query("SELECT 1 FROM filearr WHERE path = $1", &[&key]);
            assert_eq!(found.unwrap().len(), 1);
            let mut transaction = writer.transaction().unwrap();
            transaction.execute("DELETE FROM hash", &[]).unwrap();
        }
        for reader in &mut readers {
            let mut text = Vec::new();
            let take = |piece: &[u8]| text.extend_from_slice(piece);
            reader
                .copy_out("COPY filearr (path) TO STDOUT", take)
                .unwrap();
            assert!(String::from_utf8(text).unwrap().contains(&key));
            let path = reader.rows("SHOW search_path").unwrap();
            assert_eq!(path, [[Some("pg_catalog, public".to_owned())]]);
        }
    }
    let left = others_see(&pooler, "SHOW statement_timeout; SHOW search_path");
    assert_eq!(left, ["0", "\"$user\", public"]);
}
