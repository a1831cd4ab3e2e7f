//! SQL is constant; what requests send is a parameter.

use harness::httpd::Httpd;
use harness::postgres::Cluster;
use harness::sources::{rust_files, without_tests};
use harness::{files, http, workspace};

/// What would end a literal, a statement or a comment, and how it goes on.
const HOSTILE: [&str; 6] = [
    "%27%3B%20DROP%20TABLE%20hash%3B%20--zzyx",
    "zzyx%27%20OR%20%271%27%3D%271",
    "%5C%27%3B%20SELECT%20pg_sleep(10)%3B%20--zzyx",
    "%24%24zzyx%24%24%3B",
    "%24%7Bzzyx%7D%251%24%20%25s",
    "/*zzyx*/%00",
];

/// The statements that PostgreSQL ran, without the parameters, which it logs in lines of their own.
fn statements(log: &str) -> Vec<&str> {
    log.split("LOG:  ")
        .filter_map(|entry| {
            let kind = ["execute ", "statement: ", "parse ", "bind "];
            let rest = kind.iter().find_map(|kind| entry.strip_prefix(kind))?;
            Some(rest.split("DETAIL:").next().unwrap_or(rest))
        })
        .collect()
}

/// A site that asks for every request, with the built-in queries and with queries of its own.
fn site(params: &str) -> Httpd {
    let builder = Httpd::builder()
        .stock(&["setenvif", "mime"])
        .ours(&["asn", "mirrorbrain"]);
    for name in ["'; DROP TABLE hash; --zzyx", "zzyx' OR '1'='1", "$$zzyx$$;"] {
        files::sparse(&builder.tree(), name, 5000, 1_700_000_000);
    }
    let own = "SELECT id, identifier, region, country, lat, lng, asn, prefix, score, baseurl, \
               region_only, country_only, as_only, prefix_only, other_countries, file_maxsize \
               FROM server WHERE %s <> ''";
    builder
        .config(&format!("DBDriver pgsql\nDBDParams \"{params}\""))
        .config("SetEnvIf X-Test-Country \"(.+)\" GEOIP_COUNTRY_CODE=$1 PFX=$1 ASN=$1")
        .config("ASLookupQuery \"SELECT 'p', host(%s::inet)\"\nASIPHeader X-Address")
        .config("MirrorBrainYumDir release=(.*) $1 repomd.xml\nMirrorBrainCacheTTL 0")
        .config("<Directory \"@TREE@\">\nMirrorBrainEngine On\nASLookup On\n</Directory>")
        .config("<VirtualHost *:@PORT@>\nServerName plain.example.org\n</VirtualHost>")
        .config("<VirtualHost *:@PORT@>\nServerName own.example.org")
        .config(&format!("MirrorBrainDBDQuery \"{own}\"\n</VirtualHost>"))
        .start()
}

fn ask(httpd: &Httpd, host: &str, text: &str) {
    let headers = [
        ("Host", host),
        ("X-Test-Country", "'; DROP TABLE server; --zzyx"),
        ("X-Address", "'; --zzyx"),
        ("User-Agent", "zzyx'"),
    ];
    for target in [
        format!("/{text}"),
        format!("/{text}.meta4"),
        format!("/{text}?mirrorlist&country={text}&as={text}"),
        format!("/?release={text}"),
    ] {
        let request = http::request("GET", &target, &headers);
        let status = httpd.raw(&request).expect("an answer").status;
        let fine = [200, 302, 404].contains(&status) || text.ends_with("%00");
        assert!(fine, "{target}: {status}");
    }
}

#[test]
fn nothing_that_a_request_sends_becomes_sql() {
    let cluster = Cluster::start(&[("log_statement", "all")]);
    let fixture = workspace().join("tests/compat/modules/fixture.sql");
    let database = cluster.database("sql", &[&fixture]);
    let mut httpd = site(&database.params());
    for host in ["plain.example.org", "own.example.org"] {
        for text in HOSTILE {
            ask(&httpd, host, text);
        }
    }
    httpd.allow("AH00127");
    httpd.allow("[asn:");
    let log = cluster.log();
    let statements = statements(&log);
    // The names did reach the database, as parameters.
    let hostile = |line: &&str| line.contains("DETAIL:") && line.contains("zzyx");
    assert!(log.lines().any(|line| hostile(&line)), "{log}");
    let bad: Vec<_> = statements
        .iter()
        .filter(|text| text.contains("zzyx"))
        .collect();
    assert!(!statements.is_empty() && bad.is_empty(), "{bad:?}");
    assert_eq!(database.sql("SELECT count(*) > 0 FROM hash"), "t");
}

/// All files of the crates that talk to a database, with their tests cut off.
fn sources() -> Vec<(String, String)> {
    let crates = [
        "crates/mirror-cache",
        "crates/mirror-db",
        "crates/pg",
        "crates/scanner",
        "crates/asn",
        "mb",
        "mod_asn",
        "mod_mirrorbrain",
        "module-kit",
    ];
    let files = crates
        .iter()
        .flat_map(|name| rust_files(&workspace().join(name).join("src")));
    files
        .map(|path| (path.display().to_string(), without_tests(&path)))
        .collect()
}

/// The places where text is put together that the database runs. What they put in is a number or a
/// name of ours; who adds one says so here.
const BUILT: [&str; 8] = [
    "format!(\"LISTEN {}\", listener.channel)",
    "format!(\"SET statement_timeout = {milliseconds}\")",
    "format!(\"SET statement_timeout = {}\", time.as_millis())",
    // A name of ours.
    "format!(\"SELECT current_setting('{SETTING}', true)\")",
    // Columns of ours.
    "format!(\"SELECT {columns} FROM server WHERE enabled AND status_baseurl AND score > 0\")",
    // The same, and the administrator's own query.
    "format!(\"SELECT {columns} FROM (\\n{own}\\n)",
    // Text for a file, whose values are quoted; nobody runs it here.
    "format!(\"INSERT INTO server ({COLUMNS}) VALUES ({values});\")",
    // One of two column names each.
    "format!(\"SELECT f.id, h.md5, h.sha1, h.sha256, h.sha1piecesize, {pieces}, h.btih",
];

#[test]
fn no_sql_is_put_together_from_input() {
    let verbs = [
        "SELECT ", "INSERT ", "UPDATE ", "DELETE ", "LISTEN ", "SET ", "COPY ", "EXECUTE ",
    ];
    let mut built = Vec::new();
    for (name, code) in sources() {
        for (at, _) in code.match_indices("format!(") {
            let rest = &code[at..];
            let call: String = rest.lines().take(3).map(str::trim).collect();
            let text = call
                .trim_start_matches("format!(")
                .trim_start_matches(['"', '\\']);
            if verbs.iter().any(|verb| text.starts_with(verb)) {
                built.push((name.clone(), call));
            }
        }
    }
    let unknown: Vec<_> = built
        .iter()
        .filter(|(_, call)| !BUILT.iter().any(|known| call.starts_with(known)))
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}
