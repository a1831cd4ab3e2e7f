//! Other ways to reach the server: HTTP/2, TLS, and proxies in front of it.

use std::process::Command;

use harness::command::run;
use harness::free_port;
use harness::http::{Response, request};
use harness::httpd::{Builder, Httpd};

use super::{FILE, certificate, curl, located};
use crate::site::Site;

/// `Link` to the metalink of the file.
fn describedby(scheme: &str, port: u16) -> String {
    format!("link: <{scheme}://download.example.org:{port}{FILE}.meta4>; rel=describedby")
}

#[track_caller]
fn assert_redirect(answer: &str, port: u16, scheme: &str) {
    let lower = answer.to_lowercase();
    assert!(lower.starts_with("http/2 302"), "{answer}");
    assert!(lower.contains("\nx-mirrorbrain-mirror: m"), "{answer}");
    assert!(lower.contains("\ndigest: sha-256="), "{answer}");
    assert!(lower.contains(&describedby(scheme, port)), "{answer}");
}

#[test]
fn http_2_without_tls_gets_redirects_documents_and_files() {
    let httpd = Site::new("neighbours_h2c")
        .server("Protocols h2c http/1.1\nMaxKeepAliveRequests 0")
        .builder()
        .stock(&["http2"])
        .start();
    let ask = |path: &str, arguments: &[&str]| {
        let mut all = vec!["--http2-prior-knowledge"];
        all.extend(arguments);
        curl(httpd.port(), "http", path, &all)
    };
    assert_redirect(&ask(FILE, &[]), httpd.port(), "http");
    let head = ask(FILE, &["-I"]);
    assert_redirect(&head, httpd.port(), "http");
    let meta4 = ask(&format!("{FILE}.meta4"), &[]);
    assert!(meta4.starts_with("HTTP/2 200"), "{meta4}");
    assert!(meta4.trim_end().ends_with("</metalink>"), "{meta4}");
    let missing = ask("/iso/none.iso.meta4", &[]);
    assert!(missing.starts_with("HTTP/2 404"), "{missing}");

    // Forty streams at a time on one connection.
    let report = run(Command::new("h2load")
        .args(["-n", "400", "-c", "1", "-m", "40"])
        .arg(httpd.url(FILE)));
    let codes = "status codes: 0 2xx, 400 3xx, 0 4xx, 0 5xx";
    assert!(report.contains(codes), "{report}");
    assert!(
        report.contains("400 succeeded, 0 failed, 0 errored"),
        "{report}"
    );
}

#[test]
fn tls_gets_the_same_and_links_say_https() {
    let builder = Site::new("neighbours_tls").builder();
    let (key, certificate) = certificate(&builder);
    let port = free_port();
    let httpd = builder
        .stock(&["ssl", "http2"])
        .config(&format!("Listen 127.0.0.1:{port}"))
        .config(&format!(
            "<VirtualHost *:{port}>\nServerName https://download.example.org:{port}"
        ))
        .config("Protocols h2 http/1.1\nSSLEngine On")
        .config(&format!("SSLCertificateFile \"{certificate}\""))
        .config(&format!("SSLCertificateKeyFile \"{key}\"\n</VirtualHost>"))
        // No cache of sessions; and mod_ssl and the library may come from different updates of the system.
        .allow("AH01882")
        .allow("AH01873")
        .start();
    let answer = curl(port, "https", FILE, &["--http2"]);
    assert_redirect(&answer, port, "https");
    let old = curl(port, "https", FILE, &["--http1.1"]);
    assert!(old.starts_with("HTTP/1.1 302"), "{old}");
    let meta4 = curl(port, "https", &format!("{FILE}.meta4"), &["--http2"]);
    let origin = format!("https://download.example.org:{port}{FILE}.meta4<");
    assert!(meta4.contains(&origin), "{meta4}");
    drop(httpd);
}

/// The realm of a redirect for a client that a proxy at 127.0.0.1 tells of.
fn place(httpd: &Httpd, forwarded: &str) -> (u16, String, String) {
    let response = httpd.get_with(FILE, &[("X-Forwarded-For", forwarded)]);
    let realm = response.header("X-MirrorBrain-Realm").unwrap_or_default();
    (response.status, realm, response.location())
}

#[test]
fn mod_remoteip_says_who_the_client_is_and_only_for_trusted_proxies() {
    let site = |name: &str, trust: &str| -> Builder {
        located(name)
            .stock(&["remoteip"])
            .config("RemoteIPHeader X-Forwarded-For\nMirrorBrainExcludeIP 192.0.2.9")
            .config(trust)
    };
    let trusting = site("neighbours_remoteip", "RemoteIPInternalProxy 127.0.0.1").start();
    for (client, country) in [("192.0.2.7", ".jp."), ("198.51.100.7", ".de.")] {
        let (status, realm, location) = place(&trusting, client);
        assert_eq!((status, realm.as_str()), (302, "country"), "{client}");
        assert!(location.contains(country), "{client}: {location}");
    }
    // The last one that is not a proxy counts; the rest is the client's own say.
    let (_, _, location) = place(&trusting, "198.51.100.7, 192.0.2.7");
    assert!(location.contains(".jp."), "{location}");
    assert_eq!(place(&trusting, "192.0.2.9").0, 200);

    let distrusting = site("neighbours_distrust", "RemoteIPInternalProxy 10.0.0.1").start();
    assert_eq!(place(&distrusting, "192.0.2.9").0, 302);
    assert_ne!(place(&distrusting, "192.0.2.7").1, "country");
}

#[test]
fn redirects_pass_a_proxy_in_front_and_proxied_paths_are_not_ours() {
    let back = located("neighbours_proxy")
        .stock(&["remoteip"])
        .config("RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1")
        .start();
    let origin = back.url("");
    let front = Httpd::builder()
        .stock(&["proxy", "proxy_http"])
        .config(&format!(
            "ProxyPreserveHost On\nProxyPass / {origin}/\nProxyPassReverse / {origin}/"
        ))
        .start();
    let (status, realm, location) = place(&front, "192.0.2.7");
    // mod_proxy appends its own client, 127.0.0.1, which the origin trusts as a proxy.
    assert_eq!((status, realm.as_str()), (302, "country"));
    assert!(location.contains(".jp."), "{location}");
    let direct = back.get_with(FILE, &[("X-Forwarded-For", "192.0.2.7")]);
    let passed = front.get_with(FILE, &[("X-Forwarded-For", "192.0.2.7")]);
    for name in ["Digest", "Vary", "Cache-Control"] {
        assert_eq!(passed.headers(name), direct.headers(name), "{name}");
    }
    let links = |answer: &Response| {
        let own = |link: &String| link.contains("describedby");
        answer
            .headers("Link")
            .into_iter()
            .filter(own)
            .collect::<Vec<_>>()
    };
    assert_eq!(links(&passed), links(&direct));
    let meta4 = front.get(&format!("{FILE}.meta4"));
    assert!(meta4.status == 200 && meta4.text().contains("</metalink>"));

    // A path that is proxied from the server where the engine is on.
    let both = Site::new("neighbours_proxied")
        .server(&format!("ProxyPass /iso/ {origin}/small/"))
        .builder()
        .stock(&["proxy", "proxy_http"])
        .start();
    let answer = both.get(FILE);
    assert_eq!((answer.status, answer.location().as_str()), (404, ""));
    let absolute = request("GET", FILE, &[("Host", "elsewhere.example")]);
    assert_eq!(both.raw(&absolute).expect("an answer").status, 404);
}
