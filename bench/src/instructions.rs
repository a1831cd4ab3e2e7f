//! Instructions for each request, counted by valgrind's callgrind. Unlike time they do not depend
//! on what else the machine does, so a regression shows anywhere.
//!
//! Counted is what happens between the arrival of a request and the sending of its answer, in the
//! thread that does it (inside `ap_run_process_connection`): neither the start, nor the threads
//! beside the requests, nor the kernel.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::command::run as command;
use harness::httpd::Builder;
use harness::{temp_dir, workspace};

use crate::dataset::{Files, Size};
use crate::kind::Kind;
use crate::load::{Mix, Target};
use crate::report::LIMIT;
use crate::servers::Servers;
use crate::site::{self, Site, Tree};

/// Requests that are counted, after the first one.
const REQUESTS: u32 = 2_000;
/// Files that they ask for in turn; the first requests, which miss the cache, are 1 in 100.
const FILES: u32 = 20;

/// Functions with fewer instructions for each request, callees included, are not listed.
const LEAST: u64 = 400;

/// How much more than recorded is a regression. Two runs of the same code differ by less than 1 %.
const TOLERANCE: f64 = 0.03;

/// What is counted: name, server, suffix of the path, status of the answer.
const SERIES: [(&str, Kind, &str, u16); 6] = [
    ("limit", Kind::Limit, "", 302),
    ("bare", Kind::Bare, "", 302),
    ("hot", Kind::Mirrorbrain, "", 302),
    ("hot-mmdb-asn", Kind::GeoAsn, "", 302),
    ("meta4", Kind::GeoAsn, ".meta4", 200),
    ("mirrorlist", Kind::GeoAsn, ".mirrorlist", 200),
];

/// Instructions for each request of a series.
#[derive(Debug, PartialEq)]
pub struct Count {
    name: String,
    instructions: u64,
    /// As a multiple of the limit's.
    of_limit: f64,
}

/// Boots everything and counts; `only` names series, and the limit is always counted. The profiles
/// stay in target/callgrind.
pub fn run(only: &[String]) -> Vec<Count> {
    let cluster = site::start_cluster();
    let size = Size {
        paths: 2_000,
        ..Size::STANDARD
    };
    let tree = Tree::new(size.files().take(FILES));
    let site = Site::new(&cluster, &tree, size);
    let servers = Servers::start(&site);
    fs::create_dir_all(profiles()).expect("target/callgrind");
    let mut counts: Vec<Count> = Vec::new();
    for (name, kind, suffix, status) in SERIES {
        if !only.is_empty() && name != LIMIT && !only.iter().any(|one| one == name) {
            continue;
        }
        eprintln!("counting: {name}");
        let mut builder = servers.builder(kind);
        if kind.has_cache() {
            builder = builder.config("MirrorBrainCacheTTL 60");
        }
        let profile = profile(name);
        count(builder, suffix, status, &profile);
        let instructions = total(&profile) / u64::from(REQUESTS);
        let limit = counts
            .first()
            .map_or(instructions, |count| count.instructions);
        counts.push(Count {
            name: name.to_owned(),
            instructions,
            of_limit: instructions as f64 / limit as f64,
        });
    }
    counts
}

/// The counts as a Markdown table.
pub fn table(counts: &[Count]) -> String {
    let mut text = String::from(
        "| series       | instructions | times the limit |\n\
         |--------------|-------------:|----------------:|\n",
    );
    for Count {
        name,
        instructions,
        of_limit,
    } in counts
    {
        text.push_str(&format!(
            "| {name:<12} | {instructions:>12} | {of_limit:>15.3} |\n"
        ));
    }
    text
}

/// The functions of each series, callees included, most expensive first.
pub fn functions(counts: &[Count]) -> String {
    let mut text = String::new();
    for Count { name, .. } in counts {
        text.push_str(&format!(
            "\n{name}: instructions for each request, callees included\n"
        ));
        text.push_str(&top(&profile(name)));
    }
    text
}

/// Compares with a table that was recorded before: one line for each series that has become more
/// expensive, as a multiple of the limit. That evens out other versions of httpd and libc.
pub fn regressions(counts: &[Count], recorded: &str) -> Vec<String> {
    let recorded = parse(recorded);
    let mut lines = Vec::new();
    for count in counts {
        let before = recorded.iter().find(|before| before.name == count.name);
        let Some(before) = before.map(|before| before.of_limit) else {
            continue;
        };
        if count.of_limit > before * (1.0 + TOLERANCE) {
            let (name, now) = (&count.name, count.of_limit);
            lines.push(format!(
                "{name}: {now:.3} times the limit, recorded are {before:.3}"
            ));
        }
    }
    lines
}

/// Reads what [`table`] wrote, among other text.
fn parse(text: &str) -> Vec<Count> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        Some(Count {
            name: cells.next()?.to_owned(),
            instructions: cells.next()?.parse().ok()?,
            of_limit: cells.next()?.parse().ok()?,
        })
    };
    text.lines().filter_map(row).collect()
}

fn profiles() -> PathBuf {
    workspace().join("target/callgrind")
}

fn profile(name: &str) -> PathBuf {
    profiles().join(format!("{name}.out"))
}

fn count(builder: Builder, suffix: &'static str, status: u16, profile: &Path) {
    let dir = temp_dir("callgrind");
    let written = dir.path().join("callgrind.out");
    let httpd = builder
        .run_by([
            "valgrind".to_owned(),
            "-q".to_owned(),
            "--tool=callgrind".to_owned(),
            "--vgdb=no".to_owned(),
            "--toggle-collect=ap_run_process_connection".to_owned(),
            format!("--callgrind-out-file={}", written.display()),
        ])
        .start();
    // valgrind opens the file now as root, to see whether it can, and writes it at the end, when
    // httpd has given up root's rights.
    fs::set_permissions(&written, fs::Permissions::from_mode(0o666)).expect("mode");
    let target = Target {
        address: httpd.address(),
        mix: Mix::Uniform(Files::first(FILES)),
        suffix,
        status,
    };
    for _ in 0..REQUESTS / FILES {
        target.ask_each(Files::first(FILES)).expect("answers");
    }
    drop(httpd.end());
    fs::copy(&written, profile).unwrap_or_else(|e| panic!("{}: {e}", written.display()));
}

/// The total of a profile.
fn total(profile: &Path) -> u64 {
    let text = fs::read_to_string(profile).expect("profile");
    let line = text.lines().find_map(|line| line.strip_prefix("totals: "));
    line.and_then(|total| total.trim().parse().ok())
        .expect("totals")
}

/// The functions of a profile with what each request spends in them.
fn top(profile: &Path) -> String {
    let text = command(
        Command::new("callgrind_annotate")
            .args(["--inclusive=yes", "--threshold=100", "--show-percs=no"])
            .arg(profile),
    );
    let mut list = String::new();
    for line in text.lines() {
        let Some((count, function)) = line.trim_start().split_once(' ') else {
            continue;
        };
        let Ok(count) = count.replace(',', "").parse::<u64>() else {
            continue;
        };
        let count = count / u64::from(REQUESTS);
        if count >= LEAST && function.contains(':') {
            let function = function.trim_start().trim_start_matches("???:");
            list.push_str(&format!("{count:>9}  {function}\n"));
        }
    }
    list
}

#[cfg(test)]
mod unit {
    use super::*;

    fn count(name: &str, instructions: u64, of_limit: f64) -> Count {
        Count {
            name: name.to_owned(),
            instructions,
            of_limit,
        }
    }

    #[test]
    fn what_has_become_more_expensive_is_named() {
        let before = [count("limit", 50_000, 1.0), count("hot", 60_000, 1.2)];
        let recorded = format!("Measured somewhere.\n\n{}", table(&before));
        assert_eq!(parse(&recorded), before);
        // Another httpd is twice as slow: no regression of ours.
        let same = [count("limit", 100_000, 1.0), count("hot", 120_000, 1.2)];
        assert_eq!(regressions(&same, &recorded), [""; 0]);
        let worse = [count("limit", 50_000, 1.0), count("hot", 65_000, 1.3)];
        let lines = ["hot: 1.300 times the limit, recorded are 1.200"];
        assert_eq!(regressions(&worse, &recorded), lines);
    }
}
