//! A panic anywhere in our code costs one answer or one attempt, and never a child. The modules of
//! these tests are built so that a file says where to panic.
//!
//! What no guard can catch: a panic in the text of another panic's message, and one in a destructor
//! that runs because of another panic. Rust ends the process then.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use background::Point;
use harness::command::{is_alive, signal};
use harness::http;
use harness::httpd::{Builder, Httpd, Mpm};
use harness::memcached::Memcached;
use harness::modules;
use harness::site::{Mirror, Site};

/// The longest that anything here may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a point is shown to be guarded. A new point does not compile until it is here.
fn case(point: Point) -> fn(Point) {
    match point {
        Point::Register
        | Point::CreateDirectory
        | Point::CreateServer
        | Point::MergeServer
        | Point::CheckConfig
        | Point::PostConfig => stops_the_start,
        Point::Setter => refuses_the_directive,
        Point::ChildInit => leaves_a_child_that_answers,
        Point::ChildExit => lets_a_child_end,
        Point::MergeDirectory | Point::HeaderParser | Point::Handler => costs_one_answer,
        Point::Status | Point::NetworksAsked => costs_a_part_of_a_page,
        Point::Answers | Point::Answer => costs_a_link,
        Point::AnswersEnd => costs_no_link,
        Point::Cleanup => costs_nothing,
        Point::Database
        | Point::Mirrors
        | Point::Renewals
        | Point::Gauges
        | Point::Networks
        | Point::Memcached => delays_a_thread,
        Point::Connect | Point::Session | Point::Driver | Point::Growth | Point::Probe => {
            costs_a_connection
        }
    }
}

/// Runs all cases of a kind.
fn each(kind: fn(Point)) {
    let points = Point::ALL.iter().copied();
    let points: Vec<Point> = points
        .filter(|point| std::ptr::fn_addr_eq(case(*point), kind))
        .collect();
    assert!(!points.is_empty());
    points.into_iter().for_each(kind);
}

#[test]
fn at_the_start_it_stops_the_start() {
    each(stops_the_start);
}

#[test]
fn in_a_setter_it_refuses_the_directive() {
    each(refuses_the_directive);
}

#[test]
fn at_the_start_of_a_child_it_leaves_one_that_answers() {
    each(leaves_a_child_that_answers);
}

fn stops_the_start(point: Point) {
    let builder = Panicking::builder()
        .config("<VirtualHost *:@PORT@>\nMirrorBrainInstance x\n</VirtualHost>");
    Panicking::of(&builder).say(point.name());
    let log = builder.failure();
    let (Ok(stderr) | Err(stderr)) = builder.check();
    let both = format!("{log}{stderr}");
    assert!(
        both.contains(&format!("injected: {}", point.name())),
        "{both}"
    );
}

fn refuses_the_directive(point: Point) {
    for directive in ["ASLookupRefresh 5", "MirrorBrainInstance x"] {
        let builder = Panicking::builder().config(directive);
        Panicking::of(&builder).say(point.name());
        let refusal = builder.refusal();
        let name = directive.split(' ').next().unwrap_or_default();
        let text = format!("{name}: panic in the directive's setter: injected: setter at ");
        assert!(refusal.contains(&text), "{refusal}");
    }
    // In .htaccess it is an error of the request.
    let builder =
        Panicking::builder().config("<Directory \"@TREE@\">\nAllowOverride All\n</Directory>");
    fs::write(builder.tree().join(".htaccess"), "MirrorBrainMinSize 7\n").expect("a file");
    let switch = Panicking::of(&builder);
    let mut httpd = builder.start();
    let children = httpd.children();
    switch.say(point.name());
    assert_eq!(httpd.get("/").status, 500);
    switch.say("");
    assert_ne!(httpd.get("/").status, 500);
    httpd.expect_log("panic in the directive's setter: injected: setter");
    assert_eq!(httpd.children(), children);
}

fn leaves_a_child_that_answers(point: Point) {
    let builder = Panicking::builder();
    fs::write(builder.tree().join("file"), "text").expect("a file");
    Panicking::of(&builder).say(point.name());
    let mut httpd = builder.start();
    httpd.expect_log("panic while starting the child: injected: child-init");
    let children = httpd.children();
    assert_eq!(httpd.get("/file").status, 200);
    assert_eq!(httpd.children(), children);
}

#[test]
fn at_the_end_of_a_child_it_lets_it_end() {
    each(lets_a_child_end);
}

fn lets_a_child_end(point: Point) {
    let (mut httpd, switch) = Panicking::site("panics_child_exit");
    let children = httpd.children();
    switch.say(point.name());
    httpd.graceful();
    eventually("the end of the children", || {
        !children.iter().any(|&child| is_alive(child))
    });
    switch.say("");
    httpd.expect_log("panic at the end of the child: injected: child-exit");
    works_again(&httpd);
}

/// A prefork child ends in a signal handler, in the midst of a request. What its pools own stays,
/// since even to free memory needs a lock that may be held.
#[test]
fn a_prefork_child_that_is_ended_in_a_request_drops_nothing() {
    let builder = Panicking::builder()
        .mpm(Mpm::Prefork)
        .config("<Directory \"@TREE@\">\nMirrorBrainMinSize 1\n</Directory>")
        .config("<Location />\nMirrorBrainMinSize 2\n</Location>");
    harness::files::sparse(&builder.tree(), "large", 100_000_000, 0);
    let switch = Panicking::of(&builder);
    let httpd = builder.start();
    let mut client = TcpStream::connect(httpd.address()).expect("a connection");
    client
        .write_all(&http::request("GET", "/large", &[]))
        .expect("a request");
    client.read_exact(&mut [0; 1000]).expect("the first bytes");
    switch.say("cleanup abort");
    let children = httpd.children();
    signal("TERM", &children);
    eventually("other children", || {
        let others = httpd.children();
        !others.is_empty() && !others.iter().any(|child| children.contains(child))
    });
    switch.say("");
    let log = httpd.log();
    assert!(!log.contains("exit signal"), "{log}");
}

#[test]
fn in_a_request_it_costs_that_answer() {
    each(costs_one_answer);
}

#[test]
fn in_a_question_of_a_listing_it_costs_a_link() {
    each(costs_a_link);
    each(costs_no_link);
}

#[test]
fn on_a_status_page_it_costs_a_part() {
    each(costs_a_part_of_a_page);
}

fn costs_a_part_of_a_page(point: Point) {
    let (page, part) = match point {
        Point::Status => ("/server-status", "<h1>MirrorBrain</h1>"),
        _ => ("/mirrorbrain-status", "<h2>Networks</h2>"),
    };
    let mut switch = None;
    let site = Panicking::describe(&format!("panics_{}", point.name().replace('-', "_")));
    let site = site.httpd(|builder| {
        switch = Some(Panicking::of(&builder));
        builder
            .stock(&["status"])
            .config("<Location /server-status>\nSetHandler server-status\n</Location>")
            .config("<Location /mirrorbrain-status>\nSetHandler mirrorbrain-status\n</Location>")
    });
    let (mut httpd, _database) = site.start();
    let (switch, children) = (switch.expect("a file"), httpd.children());
    let has_part = |httpd: &Httpd| {
        let answer = httpd.get(page);
        assert_eq!(answer.status, 200);
        answer.text().contains(part)
    };
    eventually("the part is there", || has_part(&httpd));
    switch.say(point.name());
    assert!(!has_part(&httpd));
    httpd.expect_log(&format!("injected: {}", point.name()));
    switch.say("");
    assert!(has_part(&httpd));
    assert_eq!(httpd.children(), children);
}

#[test]
fn in_a_destructor_it_costs_nothing() {
    each(costs_nothing);
}

fn costs_one_answer(point: Point) {
    let (mut httpd, switch) = Panicking::site(&format!("panics_{}", point.name()));
    let children = httpd.children();
    // A destructor of what the panic carries may panic as well.
    for (how, text) in [
        ("", "injected: "),
        (" payload", "panic without a message at "),
    ] {
        let before = httpd.log().matches(text).count();
        switch.say(&format!("{}{how}", point.name()));
        assert_eq!(httpd.get("/full.iso").status, 500, "{point:?}");
        switch.say("");
        assert_eq!(httpd.get("/full.iso").status, 302, "{point:?}");
        httpd.expect_log(text);
        let lines = httpd.log().matches(text).count() - before;
        // Each module has a record to merge.
        let most = if point == Point::MergeDirectory { 3 } else { 1 };
        assert!((1..=most).contains(&lines), "{}", httpd.log());
    }
    assert_eq!(httpd.children(), children);
    if point != Point::HeaderParser {
        listings_cost_one_answer(Panicking::listings(), point);
    }
}

/// The same for mod_autoindex_mb, which comes after the others.
fn listings_cost_one_answer((mut httpd, switch): (Httpd, Panicking), point: Point) {
    let children = httpd.children();
    switch.say(point.name());
    assert_eq!(httpd.get("/").status, 500);
    switch.say("");
    assert_eq!(httpd.get("/").status, 200);
    let doing = match point {
        Point::MergeDirectory => "while merging configuration records",
        _ => "in the handler",
    };
    httpd.expect_log(&format!("autoindex_mb: panic {doing}: injected: "));
    assert_eq!(httpd.children(), children);
}

fn costs_a_link(point: Point) {
    lists(point, false);
}

fn costs_no_link(point: Point) {
    lists(point, true);
}

/// Whether a listing has its links although `point` panics.
fn lists(point: Point, has_links: bool) {
    let name = point.name();
    let site = format!("panics_{}", name.replace('-', "_"));
    let (mut httpd, switch) = Panicking::site(&site);
    let children = httpd.children();
    switch.say(name);
    let listing = httpd.get("/");
    assert_eq!(listing.status, 200);
    assert_eq!(
        listing.text().contains("full.iso.mirrorlist"),
        has_links,
        "{name}"
    );
    switch.say("");
    assert!(httpd.get("/").text().contains("full.iso.mirrorlist"));
    httpd.expect_log(&format!("panic in an answer: injected: {name}"));
    assert_eq!(httpd.children(), children);
}

fn costs_nothing(point: Point) {
    let (mut httpd, switch) = Panicking::site("panics_cleanup");
    let children = httpd.children();
    for (how, text) in [
        ("", "injected: cleanup"),
        (" payload", "panic without a message"),
    ] {
        switch.say(&format!("{}{how}", point.name()));
        assert_eq!(httpd.get("/full.iso").status, 302);
        // The pool of a request is cleared after its answer is sent.
        httpd.expect_log(&format!("panic while clearing a pool: {text}"));
        switch.say("");
    }
    assert_eq!(httpd.get("/full.iso").status, 302);
    httpd.allow("panic while clearing a pool: ");
    assert_eq!(httpd.children(), children);
}

#[test]
fn in_a_thread_it_is_a_delay() {
    each(delays_a_thread);
}

/// The thread panics again and again from its start; requests are answered all the same, and the
/// thread does its work once it can.
fn delays_a_thread(point: Point) {
    let memcached = Memcached::start();
    let site = Panicking::describe(&format!("panics_{}", point.name())).config(&format!(
        "MirrorBrainCacheTTL 60\nMirrorBrainMemcached On\nMemcacheServer 127.0.0.1:{}",
        memcached.port()
    ));
    let mut switch = None;
    let site = site.httpd(|builder| {
        let panicking = Panicking::of(&builder);
        panicking.say(point.name());
        switch = Some(panicking);
        builder
    });
    let (mut httpd, _database) = site.start();
    let children = httpd.children();
    httpd.expect_log(&format!("injected: {}", point.name()));
    assert!(httpd.log().contains("panic in the thread mb-"));
    httpd.allow("is not available: internal error");
    for path in ["/full.iso", "/full.iso.sha256", "/"] {
        let start = Instant::now();
        let status = httpd.get(path).status;
        assert!(
            matches!(status, 200 | 302 | 503),
            "{point:?} {path}: {status}"
        );
        assert!(start.elapsed() < PATIENCE / 2, "{point:?} {path}");
    }
    if let Some(switch) = switch {
        switch.say("");
    }
    works_again(&httpd);
    eventually("a mirror is remembered", || {
        httpd.get("/full.iso");
        memcached.get("mb_default_127.0.0.1").is_some()
    });
    assert_eq!(httpd.children(), children);
}

#[test]
fn on_the_way_to_the_database_it_costs_a_connection() {
    let (mut httpd, switch) = Panicking::site("panics_connection");
    let children = httpd.children();
    httpd.allow("is not available: ");
    httpd.allow("panic in the thread mb-database: injected: session");
    // mod_asn has connections of its own.
    httpd.allow("panic in the thread mb-asn: injected: ");
    httpd.allow("cannot read the networks (pfx2asn): ");
    for point in Point::ALL.iter().copied() {
        if !std::ptr::fn_addr_eq(case(point), costs_a_connection as fn(Point)) {
            continue;
        }
        // A session that ends makes way for the others, and for the probe it would do so too soon.
        let first = if point == Point::Probe {
            ""
        } else {
            "session\n"
        };
        switch.say(&format!("{first}{}", point.name()));
        let text = format!(
            "panic in the thread mb-database: injected: {}",
            point.name()
        );
        eventually(&text, || {
            let start = Instant::now();
            let status = httpd.get("/full.iso").status;
            assert!(matches!(status, 200 | 302), "{point:?}: {status}");
            assert!(start.elapsed() < PATIENCE / 2, "{point:?}");
            httpd.log().contains(&text)
        });
        switch.say("");
        httpd.expect_log(&text);
        works_again(&httpd);
    }
    assert_eq!(httpd.children(), children);
}

/// Shown by the test above, on one server.
fn costs_a_connection(_: Point) {}

/// Everything that a request needs from a thread.
#[track_caller]
fn works_again(httpd: &Httpd) {
    eventually("a redirect and a network", || {
        let answer = httpd.get("/full.iso");
        answer.status == 302 && answer.header("X-AS").as_deref() == Some("64510")
    });
}

#[track_caller]
fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "waited for: {what}");
        sleep(Duration::from_millis(20));
    }
}

/// The file that says where to panic.
struct Panicking(PathBuf);

impl Panicking {
    fn of(builder: &Builder) -> Self {
        Self(builder.work().join("panic"))
    }

    fn say(&self, text: &str) {
        // In one step: it is read all the time.
        let new = self.0.with_extension("new");
        fs::write(&new, text).expect("a file");
        fs::rename(new, &self.0).expect("a file");
    }

    /// Any httpd with these modules.
    fn with(builder: Builder) -> Builder {
        let file = builder.work().join("panic");
        builder
            .set("MB_MODULES", modules::panicking().display())
            .env("MB_PANIC", &file.to_string_lossy())
            .allow("a build for tests, which panics on demand")
    }

    fn builder() -> Builder {
        Self::with(Httpd::builder()).ours(&["mirrorbrain", "asn", "autoindex_mb"])
    }

    /// Listings and nothing else.
    fn listings() -> (Httpd, Self) {
        let builder = Self::with(Httpd::builder())
            .stock(&["mime", "dir"])
            .ours(&["autoindex_mb"])
            .config(
                "<Directory \"@TREE@\">\nOptions Indexes\nIndexOptions FancyIndexing\n</Directory>",
            );
        let switch = Self::of(&builder);
        (builder.start(), switch)
    }

    /// A site with everything.
    fn describe(name: &str) -> Site {
        Site::new(name)
            .httpd(|builder| {
                Self::with(builder)
                    .ours(&["asn", "autoindex_mb"])
                    .allow("answers again")
            })
            .mirror(&Mirror::new("berlin", "eu", "de"))
            .hashed("full.iso", b"content")
            .sql("INSERT INTO pfx2asn VALUES ('127.0.0.0/8', 64510)")
            .config("MirrorBrainCacheTTL 0\nASLookupRefresh 1")
            .directory(
                "Options Indexes\nIndexOptions FancyIndexing Mirrorlist\nASLookup On\nASSetHeaders On",
            )
    }

    fn site(name: &str) -> (Httpd, Self) {
        let mut switch = None;
        let site = Self::describe(name).httpd(|builder| {
            switch = Some(Self::of(&builder));
            builder
        });
        let (httpd, _database) = site.start();
        works_again(&httpd);
        (httpd, switch.expect("a file"))
    }
}
