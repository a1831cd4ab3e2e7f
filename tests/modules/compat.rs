//! The recorded answers of MirrorBrain 2.19 (`tests/compat/modules`), asked again of our modules.
//!
//! The recorded configuration is an existing site's; it is used as it stands, down to the modules
//! that ours do without.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::command::run;
use harness::files;
use harness::httpd::{Builder, Httpd, Mpm};
use harness::postgres::{Cluster, Database, USER};
use harness::{temp_dir, workspace};
use serde_json::{Map, Value};

/// The recorded requests.
pub const CASES: usize = 749;

/// The queries that MirrorBrain 2.19 has built in, in words of our own: a site may have such lines.
const QUERIES: &str = r#"
MirrorBrainDBDQuery "SELECT s.id, s.identifier, s.region, s.country, s.lat, s.lng, s.asn, s.prefix, s.score, s.baseurl, s.region_only, s.country_only, s.as_only, s.prefix_only, s.other_countries, s.file_maxsize FROM server s JOIN filearr f ON s.id = ANY (f.mirrors) WHERE f.path = %s AND s.enabled AND s.status_baseurl AND s.score > 0 ORDER BY s.id"
MirrorBrainDBDQueryHash "SELECT file_id, md5hex, sha1hex, sha256hex, sha1piecesize, sha1pieceshex, btihhex, pgp, zblocksize, zhashlens, zsumshex FROM hexhash WHERE file_id = (SELECT id FROM filearr WHERE path = %s) AND size = %lld AND mtime = %lld LIMIT 1"
"#;

#[test]
fn event_answers_as_recorded() {
    assert_recorded("compat_event", |site| site);
}

#[test]
fn worker_answers_as_recorded() {
    assert_recorded("compat_worker", |site| under(site, Mpm::Worker));
}

#[test]
fn prefork_answers_as_recorded() {
    assert_recorded("compat_prefork", |site| under(site, Mpm::Prefork));
}

#[test]
fn event_answers_as_recorded_without_mod_dbd_and_mod_form() {
    assert_recorded("compat_event_alone", alone);
}

#[test]
fn worker_answers_as_recorded_without_mod_dbd_and_mod_form() {
    assert_recorded("compat_worker_alone", |site| {
        under(alone(site), Mpm::Worker)
    });
}

#[test]
fn prefork_answers_as_recorded_without_mod_dbd_and_mod_form() {
    assert_recorded("compat_prefork_alone", |site| {
        under(alone(site), Mpm::Prefork)
    });
}

#[test]
fn event_answers_as_recorded_without_a_cache() {
    assert_recorded("compat_event_uncached", uncached);
}

#[test]
fn worker_answers_as_recorded_without_a_cache() {
    assert_recorded("compat_worker_uncached", |site| {
        under(uncached(site), Mpm::Worker)
    });
}

#[test]
fn prefork_answers_as_recorded_without_a_cache() {
    assert_recorded("compat_prefork_uncached", |site| {
        under(uncached(site), Mpm::Prefork)
    });
}

#[test]
fn a_sites_own_queries_give_the_recorded_answers() {
    assert_recorded("compat_queries", |site| site.replace("@EXTRA@", QUERIES));
}

/// No recordings exist for these fixtures, so the answers must agree with each other: those of a
/// cold process, of a warm one, of another MPM, and of a site that brings its own queries.
#[test]
fn other_fixtures_are_answered_alike_however_they_are_asked() {
    for seed in [2, 3] {
        let dir = temp_dir("fixture");
        let script = workspace().join("tests/compat/modules/make_fixture.py");
        run(Command::new("python3")
            .arg(script)
            .arg(seed.to_string())
            .arg(dir.path()));
        let fixture = Fixture(dir.path().to_owned());
        let name = format!("compat_seed_{seed}");
        let database = fixture.database(&name);

        let httpd = fixture.httpd(&database, |site| site).start();
        let cold = fixture.capture(&httpd);
        for (case, answer) in &cold {
            let status = answer["status"].as_u64();
            assert!(status.is_some_and(|code| code < 500), "{case}: {answer}");
            assert!(answer.get("unreadable").is_none(), "{case}: {answer}");
        }
        assert_same(&cold, &fixture.capture(&httpd), "asked again");
        let prefork = fixture.httpd(&database, |site| under(alone(site), Mpm::Prefork));
        assert_same(&cold, &fixture.capture(&prefork.start()), "prefork");
        let queries = fixture.httpd(&database, |site| site.replace("@EXTRA@", QUERIES));
        assert_same(&cold, &fixture.capture(&queries.start()), "own queries");
    }
}

/// A directory with `fixture.sql`, `tree.json` and `cases.json`.
pub struct Fixture(PathBuf);

pub type Answers = Map<String, Value>;

impl Fixture {
    pub fn recorded() -> Self {
        Self(workspace().join("tests/compat/modules"))
    }

    pub fn database(&self, name: &str) -> Database<'static> {
        Cluster::shared().database(name, &[&self.0.join("fixture.sql")])
    }

    pub fn httpd(&self, database: &Database<'_>, edit: impl FnOnce(String) -> String) -> Builder {
        let template = workspace().join("tests/compat/modules/httpd.conf.in");
        let template = fs::read_to_string(template).expect("httpd.conf.in");
        let builder = Httpd::builder()
            .bare()
            .config(&edit(template))
            .set("EXTRA", "")
            .set("PGPORT", Cluster::shared().port())
            .set("PGUSER", USER)
            .set("PGDATABASE", database.name())
            // The recorded configuration is tight; event and worker say so, each by a number of
            // its own.
            .allow("server is within MinSpareThreads of MaxRequestWorkers")
            // httpd 2.4.37.
            .allow("AH00484: server reached MaxRequestWorkers")
            // Many of the recorded files have no mirror, and a busy machine takes over a minute.
            .allow("files asked for in the last");
        files::tree(&builder.tree(), &self.0.join("tree.json"));
        builder
    }

    fn capture(&self, httpd: &Httpd) -> Answers {
        self.capture_cases(httpd, &self.0.join("cases.json"))
    }

    pub fn capture_cases(&self, httpd: &Httpd, cases: &Path) -> Answers {
        let out = httpd.work().join("answers.json");
        run(compat_py()
            .arg("capture")
            .arg(cases)
            .arg(httpd.url("/"))
            .arg(&out));
        read_json(&out)
    }
}

#[track_caller]
fn assert_recorded(name: &str, edit: impl FnOnce(String) -> String) {
    let fixture = Fixture::recorded();
    let database = fixture.database(name);
    let httpd = fixture.httpd(&database, edit).start();
    let expected = read_json(&fixture.0.join("expected.json"));
    let answers = fixture.capture(&httpd);
    let same = report(name, &expected, &answers);
    if same < CASES {
        let out = httpd.work().join("answers.json");
        let compare = compat_py()
            .arg("compare")
            .arg(fixture.0.join("expected.json"))
            .arg(out)
            .output()
            .expect("python3");
        panic!("{}", String::from_utf8_lossy(&compare.stdout));
    }
}

/// Prints how many requests of each group were answered as recorded, and returns the total.
fn report(name: &str, expected: &Answers, answers: &Answers) -> usize {
    let mut groups: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (case, answer) in expected {
        let group = case.split('/').next().unwrap_or(case);
        let (same, all) = groups.entry(group).or_default();
        *all += 1;
        *same += usize::from(answers.get(case) == Some(answer));
    }
    let mut total = 0;
    for (group, (same, all)) in &groups {
        println!("{name}: {group}: {same} of {all}");
        total += same;
    }
    println!("{name}: {total} of {CASES}");
    total
}

#[track_caller]
fn assert_same(one: &Answers, other: &Answers, how: &str) {
    assert_eq!(one.len(), other.len(), "{how}");
    for (case, answer) in one {
        let (one, other) = (without_draw(answer), other.get(case).map(without_draw));
        pretty_assertions::assert_eq!(Some(one), other, "{case}, {how}");
    }
}

/// An answer without the target of a redirect, which is drawn among mirrors at the same distance.
/// It must be one of the mirrors that are listed.
#[track_caller]
fn without_draw(answer: &Value) -> Value {
    let mut answer = answer.clone();
    let Some(headers) = answer["headers"].as_object_mut() else {
        return answer;
    };
    let location = headers.remove("location");
    headers.remove("x-mirrorbrain-mirror");
    if let (Some(Value::String(location)), Some(links)) = (location, headers.get("link")) {
        let links = links.to_string();
        assert!(
            links.contains(&format!("<{location}>")),
            "{location}: {links}"
        );
    }
    answer
}

fn compat_py() -> Command {
    let mut command = Command::new("python3");
    command.arg(workspace().join("tests/compat/modules/compat.py"));
    command
}

pub fn read_json(file: &Path) -> Answers {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    serde_json::from_str(&text).expect("a JSON object")
}

/// The site without the modules that ours do not need.
fn alone(site: String) -> String {
    without(&site, &["LoadModule dbd_module", "LoadModule form_module"])
}

/// The site under another MPM. prefork does not know the directives about threads.
fn under(site: String, mpm: Mpm) -> String {
    let site = site.replace("mpm_event", &format!("mpm_{}", mpm.name()));
    match mpm {
        Mpm::Event | Mpm::Worker => site,
        Mpm::Prefork => without(&site, &["ThreadsPerChild", "ServerLimit"]),
    }
}

#[track_caller]
fn without(site: &str, starts: &[&str]) -> String {
    let (gone, kept): (Vec<&str>, Vec<&str>) = site
        .lines()
        .partition(|line| starts.iter().any(|start| line.starts_with(start)));
    assert_eq!(gone.len(), starts.len(), "{gone:?}");
    kept.join("\n")
}

/// The same site, with one query for each request.
fn uncached(site: String) -> String {
    site.replace("@EXTRA@", "MirrorBrainCacheTTL 0")
}
