//! docs/faults.md against the tests that it names.

use std::collections::BTreeSet;
use std::fs;

use harness::sources::rust_files;
use harness::workspace;

use crate::defects::listed::{quoted, tests_in};

#[test]
fn every_fault_is_listed_with_what_it_costs_and_tests_that_exist() {
    let list = fs::read_to_string(workspace().join("docs/faults.md")).expect("docs/faults.md");
    let mut all = BTreeSet::new();
    tests_in(&workspace(), &mut all);
    let mut listed = BTreeSet::new();
    for row in list.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if cells.len() == 6 {
            continue; // figures
        }
        let [_, fault, clients, recovery, log, names, _] = cells[..] else {
            panic!("not five cells: {row}");
        };
        let filled = [fault, clients, recovery, log, names];
        assert!(filled.iter().all(|cell| !cell.is_empty()), "{row}");
        listed.extend(quoted(names).map(str::to_owned));
    }
    let unknown: Vec<_> = listed.difference(&all).collect();
    assert!(unknown.is_empty(), "no such tests: {unknown:?}");
    let mut ours = BTreeSet::new();
    tests_in(&workspace().join("tests/modules/outage"), &mut ours);
    ours.remove("every_fault_is_listed_with_what_it_costs_and_tests_that_exist");
    ours.remove("what_to_do_is_told_of_lines_that_there_are");
    tests_in(&workspace().join("tests/mb/scan"), &mut ours);
    let missing: Vec<_> = ours.difference(&listed).collect();
    assert!(missing.is_empty(), "not listed: {missing:?}");
}

/// docs/database.md against what the sources say: a line that was reworded is no longer found by who reads it
/// in a log.
#[test]
fn what_to_do_is_told_of_lines_that_there_are() {
    let page = fs::read_to_string(workspace().join("docs/database.md")).expect("docs/database.md");
    let mut sources = String::new();
    for directory in [
        "crates/pg/src",
        "crates/mirror-db/src",
        "crates/mirror-cache/src",
        "crates/asn/src",
    ] {
        for path in rust_files(&workspace().join(directory)) {
            sources.push_str(&fs::read_to_string(path).expect("a source"));
        }
    }
    // Not ours: PostgreSQL's, and those of TLS.
    let others = [
        "password authentication failed",
        "no pg_hba.conf entry",
        "invalid peer certificate",
        "Connection refused",
        "permission denied",
        "NotValidForName",
        "relation",
        "does not exist",
    ];
    let lines = page
        .lines()
        .skip_while(|line| !line.starts_with("| Line "))
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut count = 0;
    for line in lines {
        count += 1;
        // What is filled in, and where numbers stand, is between the pieces.
        let pieces = line
            .split("...")
            .flat_map(|part| part.split([':', '(', ',']));
        for piece in pieces.map(|piece| piece.trim_matches([' ', ')', '"'])) {
            let words = piece
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .trim();
            let is_known = words.is_empty()
                || others.iter().any(|text| words.contains(text))
                || words.split_whitespace().all(|word| sources.contains(word));
            assert!(is_known, "{line}: nobody says \"{words}\"");
        }
    }
    assert!(count > 15, "{count} lines");
}
