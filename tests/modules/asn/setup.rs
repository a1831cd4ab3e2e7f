//! Directives, contexts, virtual hosts, neighbours.

use harness::httpd::Httpd;
use harness::postgres::Cluster;

use super::{LOOKUP, ask, asked, logged, networks, site, wait_until};

#[test]
fn the_environment_is_set_for_setenvif_rewrite_and_logs() {
    let db = networks(Cluster::shared(), "asn_env");
    let httpd = site(&db.params())
        .stock(&["setenvif", "rewrite", "log_config", "headers", "env"])
        .config("LogFormat \"%{PFX}e %{ASN}e\" networks\nCustomLog \"@WORK@/networks\" networks")
        .config("<Directory \"@TREE@\">")
        .config("SetEnvIf ASN ^64500$ OURS=yes\nHeader always set X-Ours %{OURS}e env=OURS")
        .config("RewriteEngine On\nRewriteCond %{ENV:PFX} =2001:db8::/32")
        .config("RewriteRule ^ - [R=410,L]\n</Directory>")
        .start();
    wait_until(&httpd, "10.9.9.9", "10.0.0.0/8 64500");
    let response = httpd.get_with("/", &[("X-Client", "10.9.9.9")]);
    assert_eq!(response.header("X-Ours").as_deref(), Some("yes"));
    let response = httpd.get_with("/", &[("X-Client", "2001:db8::1")]);
    assert_eq!(response.status, 410);
    httpd.get_with("/", &[("X-Client", "192.0.2.1")]);
    logged(&httpd, |log| {
        ["10.0.0.0/8 64500\n", "2001:db8::/32 64503\n", "- -\n"]
            .iter()
            .all(|line| log.contains(line))
    });
}

#[test]
fn variables_survive_internal_redirects_and_subrequests() {
    let db = networks(Cluster::shared(), "asn_redirect");
    let builder = site(&db.params())
        .stock(&["dir", "include", "log_config", "alias"])
        .config("LogFormat \"%>s %<U %<{PFX}e %>U %>{PFX}e %>{ASN}e\" networks")
        .config("CustomLog \"@WORK@/networks\" networks")
        .config("ErrorDocument 404 /missing.html\nDirectoryIndex index.txt");
    std::fs::write(builder.tree().join("missing.html"), "gone").expect("a file");
    std::fs::write(builder.tree().join("index.txt"), "index").expect("a file");
    let httpd = builder.start();
    wait_until(&httpd, "10.9.9.9", "10.0.0.0/8 64500");
    assert_eq!(ask(&httpd, "10.9.9.9"), "10.0.0.0/8 64500");
    let response = httpd.get_with("/nothing", &[("X-Client", "10.1.2.15")]);
    assert_eq!(response.text(), "gone");
    assert_eq!(asked(&response), "10.1.2.10-10.1.2.20 64502");
    // The request as it came, and as it ended: an error document is an internal redirect with an
    // environment of its own, a directory index is not.
    logged(&httpd, |log| {
        let range = "10.1.2.10-10.1.2.20";
        log.contains("200 /index.txt 10.0.0.0/8 /index.txt 10.0.0.0/8 64500\n")
            && log.contains(&format!(
                "404 /nothing {range} /missing.html {range} 64502\n"
            ))
    });
}

#[test]
fn nothing_happens_where_it_is_off() {
    let db = networks(Cluster::shared(), "asn_off");
    let httpd = site(&db.params())
        .config("<Location /off>\nASLookup Off\n</Location>")
        .config("<Location /quiet>\nASSetHeaders Off\n</Location>")
        .stock(&["log_config"])
        .config("LogFormat \"%U %{ASN}e\" networks\nCustomLog \"@WORK@/networks\" networks")
        .start();
    wait_until(&httpd, "10.9.9.9", "10.0.0.0/8 64500");
    for path in ["/off", "/quiet"] {
        assert_eq!(
            asked(&httpd.get_with(path, &[("X-Client", "10.9.9.9")])),
            "-"
        );
    }
    logged(&httpd, |log| {
        log.contains("/off -\n") && log.contains("/quiet 64500\n")
    });
}

#[test]
fn the_address_of_the_connection_is_used_without_a_header() {
    let db = networks(Cluster::shared(), "asn_connection");
    let httpd = Httpd::builder()
        .ours(&["asn"])
        .stock(&["remoteip"])
        .config(&format!("DBDParams \"{}\"", db.params()))
        .config("RemoteIPHeader X-Forwarded-For\nRemoteIPTrustedProxy 127.0.0.0/8")
        .config(LOOKUP)
        .start();
    assert_eq!(asked(&httpd.get("/")), "127.0.0.0/8 64510");
    let response = httpd.get_with("/", &[("X-Forwarded-For", "2001:db8:1::1")]);
    assert_eq!(asked(&response), "2001:db8:1::/48 4294967295");
}

#[test]
fn a_variable_gives_the_address() {
    let db = networks(Cluster::shared(), "asn_variable");
    let httpd = Httpd::builder()
        .ours(&["asn"])
        .stock(&["setenvif"])
        .config(&format!("DBDParams \"{}\"", db.params()))
        .config("SetEnvIf X-Test \"(.+)\" CLIENT=$1\nASIPEnvvar CLIENT")
        .config(LOOKUP)
        .start();
    let with = |value: &str| asked(&httpd.get_with("/", &[("X-Test", value)]));
    assert_eq!(with("10.9.9.9"), "10.0.0.0/8 64500");
    assert_eq!(with("1.1.1.1, 10.9.9.9"), "10.0.0.0/8 64500");
    assert_eq!(asked(&httpd.get("/")), "-");
}

#[test]
fn virtual_hosts_share_or_have_their_own() {
    let cluster = Cluster::shared();
    let (db, other) = (
        networks(cluster, "asn_vhost_a"),
        cluster.database("asn_vhost_b", &[]),
    );
    other.sql("INSERT INTO pfx2asn VALUES ('10.0.0.0/8', 7)");
    let httpd = site(&db.params())
        .config("<VirtualHost *:@PORT@>\nServerName download.example.org\n</VirtualHost>")
        .config("<VirtualHost *:@PORT@>\nServerName same.example.org")
        .config(&format!("DBDParams \"{}\"\n</VirtualHost>", db.params()))
        .config("<VirtualHost *:@PORT@>\nServerName other.example.org")
        .config(&format!("DBDParams \"{}\"\n</VirtualHost>", other.params()))
        .start();
    let ask = |host: &str| {
        let headers = [("X-Client", "10.9.9.9"), ("Host", host)];
        asked(&httpd.get_with("/", &headers))
    };
    assert_eq!(ask("download.example.org"), "10.0.0.0/8 64500");
    assert_eq!(ask("same.example.org"), "10.0.0.0/8 64500");
    assert_eq!(ask("other.example.org"), "10.0.0.0/8 7");
}

#[test]
fn mod_dbd_may_be_there_before_or_after() {
    let db = networks(Cluster::shared(), "asn_mod_dbd");
    for lines in [
        "LoadModule dbd_module \"@HTTPD_MODULES@/mod_dbd.so\"\nLoadModule asn_module \"@MB_MODULES@/mod_asn.so\"",
        "LoadModule asn_module \"@MB_MODULES@/mod_asn.so\"\nLoadModule dbd_module \"@HTTPD_MODULES@/mod_dbd.so\"",
    ] {
        let httpd = Httpd::builder()
            .config(lines)
            .config("<IfModule mod_asn.c>\nDBDriver pgsql\n</IfModule>")
            .config(&format!("DBDParams \"{}\"", db.params()))
            .config("DBDMin 0\nDBDKeep 1\nDBDMax 2\nDBDExptime 10\nDBDPersist On")
            .config("DBDInitSQL \"SET search_path = public\"")
            .config("DBDPrepareSQL \"SELECT 1\" one")
            .config(LOOKUP)
            .start();
        assert_eq!(asked(&httpd.get("/")), "127.0.0.0/8 64510");
    }
}

#[test]
fn the_signature_names_the_module() {
    let httpd = Httpd::builder()
        .ours(&["asn"])
        .config("ServerTokens Full")
        .start();
    let server = httpd.get("/").header("Server").unwrap_or_default();
    assert!(server.contains(" mod_asn/"), "{server}");
}

#[test]
fn a_site_that_names_no_database_is_told_once() {
    let mut httpd = Httpd::builder().ours(&["asn"]).config(LOOKUP).start();
    for _ in 0..3 {
        assert_eq!(asked(&httpd.get("/")), "-");
    }
    let text = "neither DBDParams nor ASLookupDatabase says where to look";
    httpd.expect_log(text);
    assert_eq!(httpd.log().matches(text).count(), 1);
}

#[test]
fn debug_says_what_was_found() {
    let db = networks(Cluster::shared(), "asn_debug");
    let mut httpd = site(&db.params())
        .config("<Directory \"@TREE@\">\nASLookupDebug On\n</Directory>")
        .allow("[mod_asn]")
        .start();
    wait_until(&httpd, "10.9.9.9", "10.0.0.0/8 64500");
    httpd.expect_log("10.9.9.9 is in 10.0.0.0/8, AS 64500");
    ask(&httpd, "192.0.2.1");
    httpd.expect_log("the network of 192.0.2.1 is not known");
    ask(&httpd, "nobody");
    httpd.expect_log("the client's address is not known");
}
