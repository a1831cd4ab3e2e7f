//! The part of `cargo deny check` that needs no network: licences, sources and bans of deny.toml.

use std::fs;
use std::process::Command;

use harness::command::run;
use harness::workspace;
use serde_json::Value;

/// The quoted words of a list in deny.toml.
fn list(policy: &str, section: &str, key: &str) -> Vec<String> {
    let section = policy.split(&format!("\n[{section}]\n")).nth(1);
    let section = section.and_then(|text| text.split("\n[").next());
    let list = section.and_then(|text| text.split(&format!("\n{key} = [")).nth(1));
    let list = list.and_then(|text| text.split("\n]").next().or(Some(text)));
    let lines = list.expect("a list in deny.toml").lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with('#'));
    lines
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

/// The packages that are built here, with their sources and licences.
fn packages() -> Vec<Value> {
    let version = run(Command::new("rustc").arg("-vV"));
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let text = run(Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", host.expect("host")])
        .current_dir(workspace()));
    let metadata: Value = serde_json::from_str(&text).expect("JSON");
    let nodes = metadata["resolve"]["nodes"].as_array().expect("nodes");
    let used: Vec<&Value> = nodes.iter().map(|node| &node["id"]).collect();
    let packages = metadata["packages"].as_array().expect("packages");
    let is_used = |package: &&Value| used.contains(&&package["id"]);
    packages.iter().filter(is_used).cloned().collect()
}

/// Whether an SPDX expression can be met with licences that are allowed. Parentheses stand in it
/// only around alternatives.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let alternatives = |text: &str| {
        let text = text.trim().trim_matches(['(', ')']).replace('/', " OR ");
        let mut licences = text.split(" OR ").map(str::trim);
        licences.any(|licence| allowed.iter().any(|name| name == licence))
    };
    if expression.contains('(') || !expression.contains(" OR ") {
        return expression.split(" AND ").all(alternatives);
    }
    expression
        .split(" OR ")
        .any(|part| part.split(" AND ").all(alternatives))
}

#[test]
fn dependencies_are_from_the_registry_under_licences_that_we_take() {
    let policy = fs::read_to_string(workspace().join("deny.toml")).expect("deny.toml");
    let allowed = list(&policy, "licenses", "allow");
    let exceptions = list(&policy, "licenses", "exceptions");
    let banned = list(&policy, "bans", "deny");
    let registry = list(&policy, "sources", "allow-registry");
    assert!(allowed.len() > 5 && exceptions.len() == 8 && banned.len() == 3);
    for package in packages() {
        let name = package["name"].as_str().expect("name").to_owned();
        let licence = package["license"].as_str().unwrap_or_default();
        let excepted = exceptions
            .chunks(2)
            .any(|pair| pair[0] == licence && pair[1] == name);
        assert!(
            is_met(licence, &allowed) || excepted,
            "{name}: licence {licence:?}"
        );
        assert!(!banned.contains(&name), "{name} is banned");
        if let Some(source) = package["source"].as_str() {
            let known = registry
                .iter()
                .any(|url| source == format!("registry+{url}"));
            assert!(known, "{name} comes from {source}");
        } else {
            // A crate of our own lies in this checkout.
            let file = package["manifest_path"].as_str().expect("manifest");
            assert!(file.starts_with(&*workspace().to_string_lossy()), "{file}");
        }
    }
}

#[test]
fn expressions_of_licences_are_read_as_spdx_has_them() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned(), "Unicode-3.0".to_owned()];
    for (expression, met) in [
        ("MIT", true),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND ISC", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(GPL-3.0 OR Apache-2.0) AND Unicode-3.0", false),
        ("MIT AND GPL-3.0", false),
        ("GPL-3.0", false),
        ("", false),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}
