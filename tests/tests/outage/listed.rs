//! docs/faults.md against the tests that it names.

use std::collections::BTreeSet;
use std::fs;

use tests::workspace;

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
    tests_in(&workspace().join("tests/tests/outage"), &mut ours);
    ours.remove("every_fault_is_listed_with_what_it_costs_and_tests_that_exist");
    let missing: Vec<_> = ours.difference(&listed).collect();
    assert!(missing.is_empty(), "not listed: {missing:?}");
}
