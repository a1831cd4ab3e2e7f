//! Writes what was measured into the documentation, between marks, with where it was measured.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use harness::apxs;
use harness::command::run;
use harness::workspace;

/// Replaces the part of the document between `<!-- begin name -->` and `<!-- end name -->`.
///
/// # Panics
/// If the document has no such part.
pub fn write(name: &str, text: &str) {
    let document = document(name);
    let [before, _, after] = split(&document, name);
    let machine = machine(others(name));
    let text = format!("{before}{machine}\n\n{}\n{after}", text.trim_end());
    fs::write(file(name), text).expect("the document");
}

/// The part of the document that [`write()`] replaces.
///
/// # Panics
/// If the document has no such part.
pub fn read(name: &str) -> String {
    let document = document(name);
    let [_, part, _] = split(&document, name);
    part.to_owned()
}

/// Listings have a page of their own.
fn file(name: &str) -> PathBuf {
    workspace().join(match name {
        "listing" => "docs/autoindex.md",
        _ => "docs/performance.md",
    })
}

fn document(name: &str) -> String {
    fs::read_to_string(file(name)).expect("the document")
}

/// What else ran on the machine.
fn others(name: &str) -> &'static str {
    match name {
        "listing" => "load generator",
        _ => "load generator and PostgreSQL",
    }
}

/// What comes before the part, the part, and what comes after it; the marks belong to the outside.
fn split<'d>(document: &'d str, name: &str) -> [&'d str; 3] {
    let (begin, end) = (
        format!("<!-- begin {name} -->\n"),
        format!("<!-- end {name} -->\n"),
    );
    let bounds = document.find(&begin).zip(document.find(&end));
    let (begin, end) = bounds
        .map(|(at, end)| (at + begin.len(), end))
        .filter(|(begin, end)| begin <= end)
        .unwrap_or_else(|| panic!("the document has no part {name}"));
    [&document[..begin], &document[begin..end], &document[end..]]
}

/// Processor, system, httpd and what else ran.
fn machine(others: &str) -> String {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| {
            rest.trim_start_matches([' ', '\t', ':'])
        });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let httpd = run(Command::new(apxs::httpd()).arg("-v"));
    let httpd = httpd.lines().next().unwrap_or_default();
    let httpd = httpd.trim_start_matches("Server version: ");
    let date = run(Command::new("date").args(["-u", "+%Y-%m-%d"]));
    format!(
        "Measured on {}: {cores} cores of {model}, Linux {}, {httpd}, {others} on the same machine.",
        date.trim(),
        kernel.trim(),
    )
}

#[cfg(test)]
mod unit {
    use super::split;

    #[test]
    fn a_part_is_what_its_marks_enclose() {
        let document = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n";
        let parts = ["a\n<!-- begin x -->\n", "old\n", "<!-- end x -->\nb\n"];
        assert_eq!(split(document, "x"), parts);
    }
}
