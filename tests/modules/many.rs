//! Many virtual hosts, each with a database of its own or with settings of its own.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::files;
use harness::http::Response;
use harness::httpd::{Builder, Httpd, Mpm};
use harness::postgres::{Cluster, Database};
use harness::workspace;

const FILE: &str = "/iso/full.iso";

/// How long all may take to connect, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Threads of a child that are httpd's own: 8 workers, a listener, and those that start and end it.
const OF_HTTPD: usize = 12;

fn fixture<'c>(cluster: &'c Cluster, name: &str) -> Database<'c> {
    cluster.database(
        name,
        &[&workspace().join("tests/compat/modules/fixture.sql")],
    )
}

/// An httpd with virtual hosts `0.example.org` and so on, each with these lines.
fn hosts(count: usize, lines: impl Fn(usize) -> String) -> Builder {
    let mut builder = Httpd::builder().mpm(Mpm::Event).config("DBDriver pgsql");
    for host in 0..count {
        builder = builder
            .config("<VirtualHost *:@PORT@>\nDocumentRoot \"@TREE@\"")
            .config(&format!("ServerName {host}.example.org"))
            .config(&lines(host))
            .config("</VirtualHost>");
    }
    files::sparse(&builder.tree(), &FILE[1..], 100_000, 1_700_000_000);
    builder.config("<Directory \"@TREE@\">\nMirrorBrainEngine On\n</Directory>")
}

fn get(httpd: &Httpd, host: usize) -> Response {
    httpd.get_with(FILE, &[("Host", &format!("{host}.example.org"))])
}

fn entries(pid: u32, directory: &str) -> usize {
    fs::read_dir(format!("/proc/{pid}/{directory}")).map_or(0, Iterator::count)
}

#[test]
fn hundreds_of_databases_take_one_thread_and_one_connection_each() {
    const COUNT: usize = 300;
    let cluster = Cluster::start(&[("max_connections", "700")]);
    let database = fixture(&cluster, "many");
    // Each is another connection string, as for another database.
    let lines = |host| {
        let params = database.params();
        format!("DBDParams \"{params} application_name=host{host}\"")
    };
    let httpd = hosts(COUNT, lines).ours(&["mirrorbrain"]).start();
    let started = Instant::now();
    for host in 0..COUNT {
        // Hundreds of processes start on the side of PostgreSQL.
        while get(&httpd, host).status != 302 {
            assert!(started.elapsed() < PATIENCE, "{host}\n{}", httpd.log());
            sleep(Duration::from_millis(20));
        }
    }
    let [child] = httpd.children()[..] else {
        panic!("not one child");
    };
    let (threads, descriptors) = (entries(child, "task"), entries(child, "fd"));
    println!("{threads} threads, {descriptors} descriptors");
    assert!(threads <= OF_HTTPD + 4, "{threads} threads");
    assert!(descriptors < COUNT * 3 / 2, "{descriptors} descriptors");
}

/// Whoever connects to the same shares the connections; the larger limit counts.
#[test]
fn virtual_hosts_share_connections_whatever_else_differs() {
    const COUNT: usize = 20;
    let database = fixture(Cluster::shared(), "many_settings");
    let lines = |host| {
        let (params, ttl, most) = (database.params(), 5 + host, 3 + host % 2);
        format!(
            "DBDParams \"{params}\"\nDBDMax {most}\nMirrorBrainCacheTTL {ttl}\n\
             MirrorBrainCacheStale {host}\nMirrorBrainCacheSize {}\nMirrorBrainInstance i{host}",
            1_000_000 + host
        )
    };
    let httpd = hosts(COUNT, lines).ours(&["mirrorbrain"]).start();
    for host in 0..COUNT {
        assert_eq!(get(&httpd, host).status, 302, "{host}");
    }
    let connections = database.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND \
         application_name = 'mirrorbrain'",
    );
    // One that always stays, and perhaps a second: more are opened only while requests wait.
    assert!(["1", "2"].contains(&connections.as_str()), "{connections}");
}
