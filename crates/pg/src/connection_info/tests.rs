//! Connection strings: both forms, lists, defaults, and the words of each refusal.

use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> ConnectionInfo {
    ConnectionInfo::parse_with(text, |_| None).unwrap()
}

fn refusal(text: &str) -> String {
    ConnectionInfo::parse_with(text, |_| None)
        .unwrap_err()
        .to_string()
}

fn servers(text: &str) -> Vec<String> {
    let endpoint = |e: &Endpoint| match e.address {
        Some(address) => format!("{}={address}:{}", e.host, e.port),
        None => format!("{}:{}", e.host, e.port),
    };
    parse(text).endpoints.iter().map(endpoint).collect()
}

#[test]
fn values_are_quoted_and_escaped_as_in_libpq() {
    let info = parse(r"user = 'a b' password='it\'s \\ 1' dbname=x\ y options=");
    assert_eq!(info.user.as_deref(), Some("a b"));
    assert_eq!(info.password.as_deref(), Some(r"it's \ 1"));
    assert_eq!(info.dbname.as_deref(), Some("x y"));
    assert_eq!(info.options, None);
    assert_eq!(
        parse("user=a user=b").user.as_deref(),
        Some("b"),
        "the last one counts"
    );
    assert_eq!(parse("user= b").user.as_deref(), Some("b"));
}

#[test]
fn a_uri_says_the_same() {
    let info = parse("postgresql://us%40er:p%3Aw@h1:1,[::1]:2,h3/d%2Fb?sslmode=require&ssl=true");
    assert_eq!(info.user.as_deref(), Some("us@er"));
    assert_eq!(info.password.as_deref(), Some("p:w"));
    assert_eq!(info.dbname.as_deref(), Some("d/b"));
    assert_eq!(info.tls.mode(), SslMode::Require);
    assert_eq!(
        servers("postgres://h1:1,[::1]:2,h3/"),
        ["h1:1", "::1:2", "h3:5432"]
    );
    assert_eq!(servers("postgresql://%2Frun%2Fpg:7/db"), ["/run/pg:7"]);
    assert_eq!(
        servers("postgresql:///db?host=/run/pg&port=8"),
        ["/run/pg:8"]
    );
}

#[test]
fn servers_come_in_lists() {
    assert_eq!(servers(""), ["/var/run/postgresql:5432", "localhost:5432"]);
    assert_eq!(servers("host=a,b port=1"), ["a:1", "b:1"]);
    assert_eq!(servers("host=a,b port=1,"), ["a:1", "b:5432"]);
    assert_eq!(servers("host=a,b hostaddr=,::1"), ["a:5432", "b=::1:5432"]);
    assert_eq!(servers("hostaddr=127.0.0.1"), ["127.0.0.1=127.0.0.1:5432"]);
}

#[test]
fn the_environment_fills_what_the_string_leaves_open() {
    let environment = |name: &str| match name {
        "PGHOST" => Some("env.example".to_owned()),
        "PGUSER" => Some("envuser".to_owned()),
        "PGSSLMODE" => Some("verify-full".to_owned()),
        _ => None,
    };
    let info = ConnectionInfo::parse_with("user=me", environment).unwrap();
    assert_eq!(info.user.as_deref(), Some("me"));
    assert_eq!(info.endpoints[0].host, "env.example");
    assert_eq!(info.tls.mode(), SslMode::VerifyFull);
}

const SERVICES: &str = "\
# a comment
[other]
host=other.example

[mb]
  host=db.example
port=5433
port=1
user=from the service
password=a = b
[mb]
dbname=never
[broken]
host
[nested]
service=mb
";

#[test]
fn a_service_fills_what_the_string_leaves_open_and_the_environment_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pg_service.conf");
    std::fs::write(&file, SERVICES).unwrap();
    let place = dir.path().to_str().unwrap().to_owned();
    let path = file.to_str().unwrap().to_owned();
    let check = |text: &str, variables: &[(&str, &str)]| {
        let environment = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let info = ConnectionInfo::parse_with(text, environment).unwrap();
        assert_eq!(info.endpoints[0].host, "db.example");
        assert_eq!(info.endpoints[0].port, 5433, "the first one counts");
        assert_eq!(info.user.as_deref(), Some("me"));
        assert_eq!(info.password.as_deref(), Some("a = b"));
        assert_eq!(info.dbname, None);
    };
    check(&format!("service=mb servicefile={path} user=me"), &[]);
    let named = [("PGSERVICE", "mb"), ("PGSERVICEFILE", &*path)];
    check("user=me", &named);
    check(
        "user=me service=mb",
        &[("PGSYSCONFDIR", &place), ("PGHOST", "env")],
    );
    check(
        "postgresql://me@?service=mb",
        &[("PGSYSCONFDIR", &place), ("HOME", "/nonexistent")],
    );
    std::fs::copy(&file, dir.path().join(".pg_service.conf")).unwrap();
    check("user=me service=mb", &[("HOME", &place)]);

    let refused = |service| refusal(&format!("service={service} servicefile={path}"));
    assert_eq!(refused("none"), "there is no service \"none\"");
    let line = |number, what| format!("line {number} of the service file {path} {what}");
    assert_eq!(refused("broken"), line(14, "has no \"=\""));
    assert_eq!(refused("nested"), line(16, "names another service"));
}

#[test]
fn ways_to_log_in_are_allowed_or_not() {
    let allows = |text: &str| {
        let required = parse(text).require_auth;
        let all = [
            Method::Password,
            Method::Md5,
            Method::ScramSha256,
            Method::Nothing,
        ];
        all.into_iter()
            .filter(|m| required.allows(*m))
            .collect::<Vec<_>>()
    };
    assert_eq!(allows("").len(), 4);
    assert_eq!(allows("require_auth=").len(), 4);
    assert_eq!(
        allows("require_auth=scram-sha-256,md5"),
        [Method::Md5, Method::ScramSha256]
    );
    assert_eq!(
        allows("require_auth=!password,!none"),
        [Method::Md5, Method::ScramSha256]
    );
}

#[test]
fn every_parameter_of_libpq_is_known() {
    parse(
        "host=h hostaddr=127.0.0.1 port=1 user=u password=p passfile=/f dbname=d options=-cx=1 \
         application_name=a fallback_application_name=f connect_timeout=2 keepalives=1 \
         keepalives_idle=1 keepalives_interval=1 keepalives_count=1 tcp_user_timeout=1000 \
         target_session_attrs=prefer-standby load_balance_hosts=random channel_binding=disable \
         client_encoding=UTF-8 gssencmode=prefer sslmode=verify-ca sslrootcert=/r sslcert=/c \
         sslkey=/k sslcrl=/l sslcertmode=allow sslsni=0 sslnegotiation=postgres sslcompression=0 \
         ssl_min_protocol_version=TLSv1.2 ssl_max_protocol_version=TLSv1.3 replication=false",
    );
    assert_eq!(
        parse("connect_timeout=2").connect_timeout,
        Some(Duration::from_secs(2))
    );
    assert_eq!(parse("connect_timeout=0").connect_timeout, None);
    assert_eq!(
        parse("tcp_user_timeout=1500").tcp_user_timeout,
        Some(Duration::from_millis(1500))
    );
    assert_eq!(
        parse("sslrootcert=system host=h").tls.mode(),
        SslMode::VerifyFull
    );
}

#[test]
fn what_cannot_be_honoured_is_named() {
    for (text, sentence) in [
        ("sslmod=require", "unknown connection parameter \"sslmod\""),
        ("sslmode=maybe", "invalid value \"maybe\" for \"sslmode\""),
        ("sslcrldir=/x", "\"sslcrldir\" is not supported"),
        ("service=x", "there is no service \"x\""),
        (
            "service=x servicefile=/nonexistent",
            "the service file /nonexistent cannot be read: No such file or directory (os error 2)",
        ),
        (
            "require_auth=scram",
            "invalid value \"scram\" for \"require_auth\"",
        ),
        (
            "require_auth=md5,!none",
            "\"require_auth\" mixes methods that are allowed and methods that are not",
        ),
        (
            "require_auth=gss,sspi",
            "\"require_auth\" allows no method that is supported: password, md5, scram-sha-256, none",
        ),
        ("requirepeer=postgres", "\"requirepeer\" is not supported"),
        ("gssencmode=require", "gssencmode=require is not supported"),
        ("port=70000", "\"port\" is no number from 1 to 65535"),
        ("port=0", "\"port\" is no number from 1 to 65535"),
        (
            "hostaddr=db.example",
            "invalid value \"db.example\" for \"hostaddr\"",
        ),
        (
            "host=a,b port=1,2,3",
            "\"port\" lists 3 ports for 2 servers",
        ),
        (
            "connect_timeout=1s",
            "invalid value \"1s\" for \"connect_timeout\"",
        ),
        ("user='x", "the quoted value of \"user\" has no end"),
        ("user", "the first word has no \"=\" after it"),
        (
            "sslrootcert=system sslmode=require",
            "sslrootcert=system needs sslmode=verify-full",
        ),
        (
            "sslmode=verify-full hostaddr=::1",
            "sslmode=verify-full needs \"host\" beside \"hostaddr\"",
        ),
        (
            "postgresql://h/?sslmode",
            "a URI query parameter has no \"=\"",
        ),
        (
            "postgresql://h%zz/",
            "host has a \"%\" without two hex digits",
        ),
        (
            "postgresql://[::1/",
            "an IPv6 address in the URI lacks its \"]\"",
        ),
    ] {
        assert_eq!(refusal(text), sentence, "{text}");
    }
    assert!(refusal("client_encoding=latin1").starts_with("\"client_encoding\" may only be UTF8"));
}

#[test]
fn the_password_is_shown_nowhere() {
    for text in ["user=u password=xyzzy", "postgresql://u:xyzzy@h/d"] {
        let info = parse(text);
        assert!(!format!("{info} {info:?} {info:#?}").contains("xyzzy"));
    }
    assert_eq!(
        parse("postgresql://u:xyzzy@h:1,i/d").to_string(),
        "u@h:1,i:5432/d"
    );
    for text in [
        "password=a xyzzy",
        "password=a xyzzy=b host=h",
        "postgresql://u:xyzzy%@h/",
        "postgresql://u:a@xyzzy@h/",
        "postgresql://u:xyzzy",
        "port=xyzzy",
        "postgresql://u:xyzzy/a@h/",
        "postgresql://u:a@b/xyzzy@h/?xyzzy=1",
        "postgresql://u:1?xyzzy=b@h/",
        "password='xyzzy",
    ] {
        assert!(!refusal(text).contains("xyzzy"), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(postgresql://)?[ -~é\0]{0,40}") {
        let _ = ConnectionInfo::parse_with(&text, |_| None);
    }

    #[test]
    fn no_list_of_parameters_makes_it_panic(
        pairs in prop::collection::vec(("(host|port|hostaddr|user|sslmode|options)", "[a-z0-9:,/'%\\\\]{0,8}"), 0..6)
    ) {
        let text: String = pairs.iter().map(|(key, value)| format!("{key}={value} ")).collect();
        let _ = ConnectionInfo::parse_with(&text, |_| None);
    }

    /// A second opinion: the parser of tokio-postgres, for what both know.
    #[test]
    fn agrees_with_the_parser_of_tokio_postgres(
        user in "[a-z' \\\\]{1,8}", dbname in "[a-zA-Z0-9 ]{1,8}", ports in prop::collection::vec(1u16.., 1..4)
    ) {
        let quote = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
        let hosts: Vec<String> = (0..ports.len()).map(|i| format!("h{i}")).collect();
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        let text = format!(
            "user='{}' dbname='{}' host={} port={}",
            quote(&user), quote(&dbname), hosts.join(","), ports.join(","),
        );
        let ours = parse(&text);
        let theirs: tokio_postgres::Config = text.parse().unwrap();
        prop_assert_eq!(ours.user.as_deref(), theirs.get_user());
        prop_assert_eq!(ours.dbname.as_deref(), theirs.get_dbname());
        let ours: Vec<u16> = ours.endpoints.iter().map(|e| e.port).collect();
        prop_assert_eq!(ours, theirs.get_ports());
    }
}
