//! Where the time of a request goes, kernel included: perf watches a child under load.

use std::process::Command;
use std::time::Duration;

use harness::command::run as command;
use harness::workspace;

use crate::dataset::Size;
use crate::kind::Kind;
use crate::load::{Mix, Target};
use crate::servers::Servers;
use crate::site::{self, Site, Tree};

/// Files that are asked for.
const FILES: u32 = 1_000;
/// For how long perf watches.
const SECONDS: u64 = 10;

/// Boots one server, loads it, and returns perf's list of functions, callees not included. The
/// recording stays in target/perf-NAME.data.
pub fn run(name: &str) -> String {
    let kind = match name {
        "limit" => Kind::Limit,
        "bare" => Kind::Bare,
        "hot" => Kind::Mirrorbrain,
        "hot-mmdb-asn" => Kind::GeoAsn,
        _ => panic!("limit, bare, hot or hot-mmdb-asn, not {name:?}"),
    };
    let cluster = site::start_cluster();
    let size = Size {
        paths: FILES,
        ..Size::STANDARD
    };
    let files = size.files();
    let tree = Tree::new(files);
    let site = Site::new(&cluster, &tree, size);
    let mut servers = Servers::start(&site);
    let httpd = servers.get(kind);
    let target = Target {
        address: httpd.address(),
        mix: Mix::Uniform(files),
        suffix: "",
        status: 302,
    };
    let recording = workspace().join(format!("target/perf-{name}.data"));
    let mut perf = Command::new("perf");
    perf.args(["record", "-q", "-F", "999", "-g", "-p"]);
    let children: Vec<String> = httpd.children().iter().map(u32::to_string).collect();
    perf.arg(children.join(",")).arg("-o").arg(&recording);
    perf.args(["--", "sleep", &SECONDS.to_string()]);
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let measured = Duration::from_secs(SECONDS + 2);
            target.load(16, Duration::ZERO, measured, || {})
        });
        command(&mut perf);
        load.join().expect("load").expect("answers");
    });
    command(
        Command::new("perf")
            .args(["report", "--stdio", "--no-children", "-g", "none"])
            .args(["--percent-limit", "0.4", "-i"])
            .arg(&recording),
    )
}
