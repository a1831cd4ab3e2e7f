//! Restarts: what stops a start must not end a server that has run, and what a child has done leaves
//! nothing behind in the parent.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use geo_db::writer::{Value, Writer};
use harness::httpd::{Builder, Httpd};
use harness::modules::{self, PACKAGES};
use harness::postgres::Cluster;
use harness::process::threads;

/// A file in which 127.0.0.0/8 is a network.
fn networks(file: &Path, asn: u32) {
    let record = Value::map([("autonomous_system_number", Value::Unsigned32(asn))]);
    Writer::new("GeoLite2-ASN")
        .insert("127.0.0.0/8", record)
        .write_to(file)
        .expect("mmdb");
}

/// Clients are looked up by their connection's address, and told what was found.
fn lookup() -> Builder {
    Httpd::builder()
        .ours(&["asn"])
        .config("<Directory \"@TREE@\">\nASLookup On\nASSetHeaders On\n</Directory>")
}

fn asn(httpd: &Httpd) -> Option<String> {
    httpd.get("/").header("X-AS")
}

/// For what takes a while on a busy machine: the first answer of a database, a load, the end of the
/// children before.
#[track_caller]
fn wait_until(httpd: &Httpd, ready: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !ready() {
        assert!(Instant::now() < deadline, "{}", httpd.log());
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_configuration_error_is_seen_by_the_syntax_check_and_ends_no_server_that_runs() {
    let without_database = "ASLookupQuery \"SELECT 1, 2\"";
    let text = "ASLookupQuery: DBDParams does not say which database to ask";
    assert_eq!(lookup().config(without_database).refusal(), text);
    let virtual_host = format!(
        "<VirtualHost *:@PORT@>\n{without_database}\n<Location />\nASLookup On\n</Location>\n\
         </VirtualHost>"
    );
    assert_eq!(lookup().config(&virtual_host).refusal(), text);

    let mut httpd = lookup()
        .allow("neither DBDParams nor ASLookupDatabase says where to look")
        .start();
    httpd.append_config(without_database);
    httpd.graceful();
    httpd.expect_log(text);
    httpd.append_config("DBDParams \"host=127.0.0.1 colour=blue\"");
    httpd.graceful();
    httpd.expect_log("DBDParams: unknown connection parameter");
    httpd.allow("Syntax error on line");
    assert_eq!(httpd.get("/none").status, 404);
    assert_eq!(asn(&httpd), None);
}

#[test]
fn a_runtime_directory_that_others_may_write_to_makes_mod_asn_ask_the_database() {
    let database = Cluster::shared().database("restarts_runtime_dir", &[]);
    database.sql("INSERT INTO pfx2asn VALUES ('127.0.0.0/8', 64510)");
    let mut httpd = lookup()
        .config(&format!("DBDParams \"{}\"", database.params()))
        .start();
    let directory = httpd.work().join("mod_asn");
    let allow = |mode| fs::set_permissions(&directory, Permissions::from_mode(mode)).expect("mode");
    allow(0o770);
    httpd.graceful();
    httpd.expect_log("must be a directory that only its owner");
    let known = |httpd: &Httpd| asn(httpd).as_deref() == Some("64510");
    let mapped = |httpd: &Httpd| {
        let maps = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
        httpd
            .children()
            .iter()
            .any(|pid| maps(pid).contains("/mod_asn/"))
    };
    wait_until(&httpd, || known(&httpd));
    // Others may have put files there.
    wait_until(&httpd, || !mapped(&httpd));
    allow(0o700);
    httpd.graceful();
    wait_until(&httpd, || mapped(&httpd) && known(&httpd));
    assert_eq!(httpd.log().matches("must be a directory").count(), 1);
}

/// What the parent has mapped may be cut while it reads the configuration anew.
#[test]
fn the_parent_maps_no_file_that_may_be_cut() {
    let builder = lookup().config("ASLookupDatabase as.mmdb");
    let file = builder.work().join("as.mmdb");
    networks(&file, 64_500);
    let mut httpd = builder.start();
    let maps = || fs::read_to_string(format!("/proc/{}/maps", httpd.pid())).expect("maps");
    assert!(!maps().contains("as.mmdb"), "{}", maps());
    assert_eq!(asn(&httpd).as_deref(), Some("64500"));
    fs::write(&file, "").expect("an empty file");
    httpd.graceful();
    assert_eq!(asn(&httpd), None);
    httpd.expect_log("as.mmdb is no usable mmdb file");
    networks(&file, 64_501);
    httpd.graceful();
    assert_eq!(asn(&httpd).as_deref(), Some("64501"));
}

/// After a restart the parent, and so each new child, runs the files that are in place then.
#[test]
fn a_graceful_restart_takes_up_new_module_files() {
    let builder = Httpd::builder()
        .config(
            "LoadModule asn_module mod_asn.so\nLoadModule mirrorbrain_module mod_mirrorbrain.so",
        )
        .config("LoadModule autoindex_mb_module mod_autoindex_mb.so")
        .config("DBDParams \"host=127.0.0.1 port=1 user=x dbname=x\"")
        .config("MirrorBrainGeoDatabase none.mmdb")
        .config("<VirtualHost *:@PORT@>\nASLookupDatabase as.mmdb\n</VirtualHost>")
        .config("<Directory \"@TREE@\">\nMirrorBrainEngine On\nASLookup On\n</Directory>");
    let work = builder.work().to_owned();
    networks(&work.join("as.mmdb"), 64_500);
    let install = || {
        for package in PACKAGES {
            let (file, new) = (format!("{package}.so"), work.join("new"));
            fs::copy(modules::dir().join(&file), &new).expect("a module");
            fs::rename(&new, work.join(file)).expect("a module in its place");
        }
    };
    install();
    let mut httpd = builder.start();
    install();
    httpd.graceful();
    let maps = fs::read_to_string(format!("/proc/{}/maps", httpd.pid())).expect("maps");
    let old: Vec<&str> = maps
        .lines()
        .filter(|line| line.ends_with(".so (deleted)"))
        .collect();
    assert!(maps.contains("mod_mirrorbrain.so"), "{maps}");
    assert!(old.is_empty(), "{old:#?}");
    httpd.allow("[mirrorbrain:");
    httpd.allow("[asn:");
}

/// A thread of ours takes no signal that is for the process, and leaves what it raises itself to
/// httpd's handler, which ends the process where `CoreDumpDirectory` says.
#[test]
fn threads_block_what_is_sent_to_the_process_and_nothing_that_they_raise() {
    let database = Cluster::shared().database("restarts_signals", &[]);
    for mpm in harness::httpd::Mpm::ALL {
        let httpd = lookup()
            .mpm(mpm)
            .config(&format!("DBDParams \"{}\"", database.params()))
            .allow("pfx2asn is empty")
            .start();
        let mut ours = 0;
        for (name, task) in httpd.children().into_iter().flat_map(threads) {
            if !name.starts_with("mb-") {
                continue;
            }
            let status = fs::read_to_string(task.join("status")).unwrap_or_default();
            let Some(mask) = status.lines().find_map(|line| line.strip_prefix("SigBlk:")) else {
                continue;
            };
            let mask = u64::from_str_radix(mask.trim(), 16).expect("a mask");
            let blocks = |signal: i32| mask >> (signal - 1) & 1 == 1;
            for signal in [libc::SIGTERM, libc::SIGUSR1, libc::SIGHUP, libc::SIGCHLD] {
                assert!(blocks(signal), "{mpm:?} {name}: {signal}");
            }
            for signal in [
                libc::SIGSEGV,
                libc::SIGBUS,
                libc::SIGILL,
                libc::SIGFPE,
                libc::SIGABRT,
            ] {
                assert!(!blocks(signal), "{mpm:?} {name}: {signal}");
            }
            ours += 1;
        }
        assert!(ours > 0, "{mpm:?}");
    }
}
