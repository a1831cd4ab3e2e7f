//! docs/defects.md against the tests that it names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use harness::sources::rust_files;
use harness::workspace;

/// Every id of the list, as it is written there.
fn ids() -> BTreeSet<String> {
    let number = |letter: char, numbers: std::ops::RangeInclusive<u8>, none: u8| {
        numbers
            .filter(move |&n| n != none)
            .map(move |n| format!("{letter}{n}"))
    };
    let all = number('M', 1..=48, 32)
        .chain(number('A', 1..=8, 7))
        .chain(number('X', 1..=6, 0));
    all.collect()
}

/// The names of all test functions of the workspace.
pub fn tests_in(directory: &Path, found: &mut BTreeSet<String>) {
    for path in rust_files(directory) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let after_attribute = text.split("#[test]").skip(1);
        let name = |code: &str| {
            let (name, _) = code.split_once("fn ")?.1.split_once('(')?;
            Some(name.to_owned())
        };
        found.extend(after_attribute.filter_map(name));
    }
}

/// What stands between backticks.
pub fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_defect_is_listed_with_tests_that_exist() {
    let list = fs::read_to_string(workspace().join("docs/defects.md")).expect("docs/defects.md");
    let mut tests = BTreeSet::new();
    tests_in(&workspace(), &mut tests);
    let mut listed = BTreeSet::new();
    for row in list.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, id, original, here, names, _] = cells[..] else {
            panic!("not four cells: {row}");
        };
        if matches!(id, "Id" | "---") {
            continue;
        }
        assert!(!original.is_empty() && !here.is_empty(), "{row}");
        let (letter, number) = id.split_at(1);
        let start = format!("{}{number:0>2}_", letter.to_ascii_lowercase());
        assert!(quoted(names).count() > 0, "{id} has no test");
        for name in quoted(names) {
            assert!(
                name.starts_with(&start),
                "{id}: {name} is named after another"
            );
            assert!(tests.contains(name), "{id}: there is no test {name}");
        }
        assert!(listed.insert(id.to_owned()), "{id} is listed twice");
    }
    assert_eq!(listed, ids());
    assert_eq!(listed.len(), 60);
    assert!(list.contains("`one_failing_statement_fails_alone`"));
    assert!(tests.contains("one_failing_statement_fails_alone"));
}
