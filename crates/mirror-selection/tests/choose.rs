//! The example program `choose`: what it says of bad input, and the figures of `docs/selection.md` on the mirrors
//! and clients of `tests/spread`.

mod common;

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::generator;

fn program() -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args([
        "build",
        "--quiet",
        "-p",
        "mirror-selection",
        "--example",
        "choose",
    ]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo").success());
    let test = std::env::current_exe().expect("a path");
    let directory = test.ancestors().nth(2).expect("target/<profile>");
    directory.join("examples/choose")
}

fn run(arguments: &[&str], mirrors: &Path, input: &str) -> Output {
    let mut child = Command::new(program())
        .args(arguments)
        .arg(mirrors)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // Whoever finds a bad line reads no further.
            let _ = stdin.write_all(input.as_bytes());
        });
        child.wait_with_output().expect("its output")
    })
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/spread")
        .join(name)
}

fn rows(name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(data(name)).expect("a table");
    let row = |line: &str| line.split('\t').map(str::to_owned).collect();
    text.lines().map(row).collect()
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}

/// Great circle, in km.
fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    let [lat1, lng1, lat2, lng2] = [a.0, a.1, b.0, b.1].map(f64::to_radians);
    let (dy, dx) = (((lat2 - lat1) / 2.0).sin(), ((lng2 - lng1) / 2.0).sin());
    let h = dy * dy + lat1.cos() * lat2.cos() * dx * dx;
    2.0 * 6371.0 * h.min(1.0).sqrt().asin()
}

/// What a mode does to mirrors and clients.
struct Figures {
    /// Of all requests
    busiest: f64,
    idle: usize,
    /// Kilometres beyond the nearest mirror, where a place is not held to be known better than it is.
    mean: f64,
    p95: f64,
}

const REQUESTS: usize = 100_000;

/// Clients by their weights, files and networks at random.
fn figures(mode: &str) -> Figures {
    let (mirrors, clients) = (rows("mirrors.tsv"), rows("clients.tsv"));
    let mut random = generator(3);
    let mut below = |limit: u64| ((u128::from(random()) * u128::from(limit)) >> 64) as u64;
    let weights: Vec<u64> = clients
        .iter()
        .map(|c| (number(&c[4]) * 10.0) as u64)
        .collect();
    let sum = weights.iter().sum();
    let mut input = String::new();
    let asked: Vec<&Vec<String>> = (0..REQUESTS)
        .map(|_| {
            let mut at = below(sum);
            let is_it = |weight: u64| {
                let found = at < weight;
                at = at.saturating_sub(weight);
                found
            };
            let index = weights
                .iter()
                .copied()
                .position(is_it)
                .expect("below the sum");
            let place = clients[index][..4].join("\t");
            let network = below(1 << 24);
            let address =
                [network >> 16 & 255, network >> 8 & 255, network & 255].map(|n| n.to_string());
            let file = below(10_000);
            input += &format!("{place}\tpool/{file}\t{}.7\n", address.join("."));
            &clients[index]
        })
        .collect();
    let output = run(&["--spread", mode], &data("mirrors.tsv"), &input);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = String::from_utf8(output.stdout).expect("text");
    let places: HashMap<&str, (f64, f64)> = mirrors
        .iter()
        .map(|mirror| (&*mirror[0], (number(&mirror[3]), number(&mirror[4]))))
        .collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut regrets = Vec::new();
    for (client, id) in asked.iter().zip(output.lines()) {
        *counts.entry(id).or_default() += 1;
        let (place, radius) = ((number(&client[1]), number(&client[2])), number(&client[3]));
        let known = |there: &(f64, f64)| distance(place, *there).max(radius);
        let nearest = places.values().map(known).fold(f64::MAX, f64::min);
        regrets.push(known(&places[id]) - nearest);
    }
    assert_eq!(regrets.len(), REQUESTS);
    regrets.sort_by(f64::total_cmp);
    Figures {
        busiest: *counts.values().max().expect("a mirror") as f64 / REQUESTS as f64,
        idle: mirrors.len() - counts.len(),
        mean: regrets.iter().sum::<f64>() / REQUESTS as f64,
        p95: regrets[REQUESTS * 95 / 100],
    }
}

#[test]
fn spread_requests_go_to_near_mirrors_and_none_gets_more_than_12_percent() {
    for mode in ["near", "cache"] {
        let Figures {
            busiest,
            idle,
            mean,
            p95,
        } = figures(mode);
        assert!(
            busiest <= 0.12 && idle == 0,
            "{mode}: {busiest}, {idle} idle"
        );
        assert!(
            (96.0..128.0).contains(&mean) && p95 < 350.0,
            "{mode}: {mean} km, {p95} km"
        );
    }
}

#[test]
fn without_spread_one_mirror_gets_a_quarter_of_all_requests() {
    let Figures { busiest, mean, .. } = figures("off");
    assert!(busiest > 0.25 && mean < 100.0, "{busiest}, {mean} km");
}

const MIRRORS: &str = "1\tDE\tEU\t50.1\t8.7\t100\n2\tUS\tNA\t-\t-\t50\n";

fn says(arguments: &[&str], mirrors: &str, input: &str) -> (bool, String, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("mirrors.tsv");
    std::fs::write(&path, mirrors).expect("writable");
    let output = run(arguments, &path, input);
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let errors = text(output.stderr).replace(&path.display().to_string(), "FILE");
    (output.status.success(), text(output.stdout), errors)
}

#[test]
fn what_is_unknown_is_a_dash() {
    let input = "US\t-\t-\t-\tfile\t-\nDE\t50\t8\t5\tfile\t2001:db8::1\n-\t-\t-\t-\t-\t-";
    for mode in ["off", "near", "cache"] {
        let (done, output, errors) = says(&["--spread", mode, "--km", "1"], MIRRORS, input);
        assert!(done && errors.is_empty(), "{errors}");
        let ids: Vec<&str> = output.lines().collect();
        assert_eq!(&ids[..2], ["2", "1"]);
        assert!(ids.len() == 3 && ["1", "2"].contains(&ids[2]));
    }
}

#[test]
fn a_bad_line_is_named_with_its_field_and_those_before_it_are_answered() {
    let good = "US\t-\t-\t-\tfile\t-\n";
    for (line, problem) in [
        (
            "US\t91\t0\t-\tf\t-",
            "lat is \"91\", not a number of degrees",
        ),
        ("US\t1\tx\t-\tf\t-", "lng is \"x\", not a number of degrees"),
        (
            "US\t1\t1\tNaN\tf\t-",
            "radius is \"NaN\", not a number of km",
        ),
        ("USA\t1\t1\t-\tf\t-", "country is \"USA\", not two letters"),
        (
            "US\t1\t1\t-\tf\t1.2.3",
            "address is \"1.2.3\", not an IP address",
        ),
        (
            "US\t1\t1\t-\tf",
            "the line is \"US\\t1\\t1\\t-\\tf\", not six fields between tabs",
        ),
    ] {
        let (done, output, errors) = says(&[], MIRRORS, &format!("{good}{line}\n{good}"));
        assert_eq!((done, &*output), (false, "2\n"));
        assert_eq!(
            errors,
            format!("choose: standard input: line 2: {problem}\n")
        );
    }
    for (line, problem) in [
        (
            "1\tDE\tEU\t1\t1\t100",
            "id is \"1\", not one that no other mirror has",
        ),
        (
            "-1\tDE\tEU\t1\t1\t100",
            "id is \"-1\", not a number below 2^31",
        ),
        (
            "3\tDE\tEU\t1\t1\t0",
            "score is \"0\", not a number of at least 1",
        ),
        (
            "3\tDE\tEU\t1\t1\t-",
            "score is \"-\", not a number of at least 1",
        ),
    ] {
        let (done, output, errors) = says(&[], &format!("{MIRRORS}{line}\n"), good);
        assert_eq!((done, &*output), (false, ""));
        assert_eq!(errors, format!("choose: FILE: line 3: {problem}\n"));
    }
    assert_eq!(says(&[], "", good).2, "choose: FILE: no mirror in it\n");
    assert!(says(&["--km", "0"], MIRRORS, good).2.contains("--km <N>"));
}
