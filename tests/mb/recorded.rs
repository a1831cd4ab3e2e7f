//! What MirrorBrain 2.19's tools answered (`tests/compat/mb`), asked again of `mb`.

use std::collections::BTreeMap;
use std::process::Command;

use harness::workspace;
use serde_json::Value;

/// Commands that come later. None of their cases counts.
const LATER: [&str; 2] = ["mirrorprobe", "dlcount"];

/// The tables that it is asked on, as the runner calls them.
const ORIGINAL: &str = "2.19";
const MIGRATED: &str = "migrated";
const FRESH: &str = "fresh";

#[test]
fn answers_are_those_of_the_original() {
    assert_set("cases", 319, ORIGINAL);
}

#[test]
fn what_was_wrong_in_the_original_is_right() {
    assert_set("fixes", 55, ORIGINAL);
}

#[test]
fn answers_stay_the_same_on_a_migrated_database() {
    assert_set("cases", 319, MIGRATED);
    assert_set("fixes", 55, MIGRATED);
}

#[test]
fn answers_are_the_same_on_the_tables_of_db_init() {
    assert_set("cases", 319, FRESH);
    assert_set("fixes", 55, FRESH);
}

/// Runs a set, and asserts that of its cases so many are of commands that are there, and all of
/// them pass.
fn assert_set(set: &str, count: usize, database: &str) {
    let commands = commands(set);
    let is_later = |name: &str| LATER.contains(&&*commands[name]);
    let there = commands.keys().filter(|name| !is_later(name)).count();
    assert_eq!(there, count, "cases of commands that are there");
    let output = Command::new("python3")
        .arg(workspace().join("tests/compat/mb/compat_mb.py"))
        .args(["--mb", env!("CARGO_BIN_EXE_mb"), "--set", set])
        .args(["--database", database])
        .output()
        .expect("python3");
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    let count = commands.len();
    assert!(last.ends_with(&format!(" of {count}")), "{output:?}");
    assert!(!text.contains("not run for want of"), "{text}");
    let failed = text
        .split("\nFAIL ")
        .map(|part| part.trim_start_matches("FAIL "));
    let failed: Vec<&str> = failed
        .filter(|part| match part.split_once(':') {
            Some((name, _)) => commands.contains_key(name) && !is_later(name),
            None => false,
        })
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// The command of each case, by the case's name.
fn commands(set: &str) -> BTreeMap<String, String> {
    let path = workspace().join(format!("tests/compat/mb/cases/{set}.json"));
    let text = std::fs::read_to_string(path).expect("cases");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let command = |case: &Value| match &case["prog"] {
        Value::String(program) if program != "mb" => program.clone(),
        _ => {
            let last = case["steps"].as_array().and_then(|steps| steps.last());
            let argv = &last.unwrap_or(case)["argv"];
            argv[0].as_str().unwrap_or_default().to_owned()
        }
    };
    let name = |case: &Value| case["name"].as_str().expect("name").to_owned();
    cases
        .iter()
        .map(|case| (name(case), command(case)))
        .collect()
}
