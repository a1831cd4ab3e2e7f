//! SECURITY.md against the tests that it names.

use std::collections::BTreeSet;
use std::fs;

use harness::workspace;

use crate::defects::listed::{quoted, tests_in};

#[test]
fn every_promise_of_security_md_has_tests_that_exist() {
    let text = fs::read_to_string(workspace().join("SECURITY.md")).expect("SECURITY.md");
    let mut tests = BTreeSet::new();
    tests_in(&workspace(), &mut tests);
    let promises = text.split("## What is promised").nth(1);
    let promises = promises.and_then(|text| text.split("\n## ").next());
    let rows = promises
        .expect("promises")
        .lines()
        .filter(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows.skip(2) {
        let names = row
            .trim_end_matches('|')
            .rsplit('|')
            .next()
            .unwrap_or_default();
        assert!(quoted(names).count() > 0, "no test: {row}");
        for name in quoted(names) {
            assert!(tests.contains(name), "there is no test {name}");
        }
        count += 1;
    }
    assert!(count > 10, "{count}");
    let shown = "server_info_shows_what_the_configuration_says";
    assert!(text.contains(shown) && tests.contains(shown));
}
