//! Instructions for each request, counted by valgrind's callgrind. Unlike time they do not depend
//! on what else the machine does, so a regression shows anywhere.
//!
//! Counted is what happens between the arrival of a request and the sending of its answer, in the
//! thread that does it (inside `ap_run_process_connection`): neither the start, nor the threads
//! beside the requests, nor the kernel.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tests::command::run as command;
use tests::{temp_dir, workspace};

use crate::dataset::{self, Size};
use crate::load::{Mix, Target};
use crate::servers::Kind;
use crate::site::{self, Site};

/// Requests that are counted, after the first one.
const REQUESTS: u32 = 2_000;
/// Files that they ask for in turn; the first requests, which miss the cache, are 1 in 100.
const FILES: u32 = 20;

/// Functions with fewer instructions for each request, callees included, are not listed.
const LEAST: u64 = 400;

/// Boots everything and prints the table, then the functions in which the instructions are spent.
pub fn run(only: &[String]) {
    let cluster = site::start_cluster();
    let size = Size {
        paths: 2_000,
        ..Size::STANDARD
    };
    let site = Site::new(&cluster, size, FILES);
    let sample = {
        let ours = Kind::GeoAsn.builder(&site, None).start();
        ours.get(&format!("/{}", dataset::path(0)))
    };
    let profiles = workspace().join("target/callgrind");
    fs::create_dir_all(&profiles).expect("target/callgrind");

    let series = [
        ("limit", Kind::Limit, "", 302),
        ("bare", Kind::Bare, "", 302),
        ("hot", Kind::Mirrorbrain, "", 302),
        ("hot-mmdb-asn", Kind::GeoAsn, "", 302),
        ("meta4", Kind::GeoAsn, ".meta4", 200),
        ("mirrorlist", Kind::GeoAsn, ".mirrorlist", 200),
    ];
    let mut table = String::from(
        "| series       | instructions | of limit |\n|--------------|-------------:|---------:|\n",
    );
    let mut functions = String::new();
    let mut limit = None;
    for (name, kind, suffix, status) in series {
        if !only.is_empty() && !only.iter().any(|one| one == name) {
            continue;
        }
        eprintln!("counting: {name}");
        let profile = profiles.join(format!("{name}.out"));
        let mut builder = kind.builder(&site, Some(&sample));
        if kind.has_cache() {
            builder = builder.config("MirrorBrainCacheTTL 60");
        }
        count(builder, suffix, status, &profile);
        let total = total(&profile) / u64::from(REQUESTS);
        let limit = *limit.get_or_insert(total);
        table.push_str(&format!(
            "| {name:<12} | {total:>12} | {:>8.2} |\n",
            limit as f64 / total as f64
        ));
        functions.push_str(&format!(
            "\n{name}: instructions for each request, callees included\n"
        ));
        functions.push_str(&top(&profile));
    }
    println!(
        "{table}{functions}\nProfiles for callgrind_annotate or kcachegrind: target/callgrind"
    );
}

fn count(builder: tests::httpd::Builder, suffix: &'static str, status: u16, profile: &Path) {
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
        mix: Mix::Uniform(FILES),
        suffix,
        status,
    };
    let files = (0..REQUESTS).map(|request| dataset::path(request % FILES));
    target.send(files).expect("answers");
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
