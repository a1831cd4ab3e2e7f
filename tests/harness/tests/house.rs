//! What CONTRIBUTING.md says of the sources, as far as a test can see it.

use harness::sources::{rust_files, without_tests};
use harness::workspace;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The folders of the crates that know neither httpd nor a terminal.
fn shared_crates() -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace().join("crates")).expect("crates");
    let crates: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    assert!(crates.len() > 10);
    crates
}

/// A file without its tests and comments.
fn code(path: &Path) -> String {
    let code = without_tests(path);
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The crates of this workspace that one depends on, by its Cargo.toml; not for its tests.
fn dependencies(manifest: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(manifest).expect("Cargo.toml");
    let section = text.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split(['.', ' ', '=']).next());
    names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn shared_crates_know_no_httpd() {
    let mut below = BTreeMap::new();
    for directory in shared_crates() {
        let name = directory
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        below.insert(name, dependencies(&directory.join("Cargo.toml")));
    }
    for (name, dependencies) in &below {
        for upper in ["apache", "apache-sys", "module-kit", "mb", "harness"] {
            assert!(!dependencies.contains(upper), "{name} depends on {upper}");
        }
    }
}

#[test]
fn shared_crates_read_no_environment_and_no_terminal() {
    for path in shared_crates()
        .iter()
        .flat_map(|directory| rust_files(&directory.join("src")))
    {
        if path.ends_with("tests.rs") {
            continue;
        }
        let code = code(&path);
        for word in [
            "env::var",
            "env::args",
            "env::temp_dir",
            "env::current_dir",
            "env::home_dir",
            "is_terminal",
            "println!",
            "eprintln!",
            "stdin()",
            "stdout()",
            "stderr()",
            "process::exit",
        ] {
            assert!(!code.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn unsafe_is_forbidden_but_in_the_wrapper() {
    let mut libraries = shared_crates();
    libraries.extend(["mb", "module-kit", "fuzz"].map(|name| workspace().join(name)));
    for directory in libraries {
        let text = fs::read_to_string(directory.join("src/lib.rs")).expect("lib.rs");
        let first = text.lines().next();
        assert_eq!(
            first,
            Some("#![forbid(unsafe_code)]"),
            "{}",
            directory.display()
        );
    }
    for module in ["mod_asn", "mod_autoindex_mb", "mod_mirrorbrain"] {
        for path in rust_files(&workspace().join(module).join("src")) {
            let allowed = code(&path).matches("unsafe").count();
            // The denial, the exception for one item, and its `#[unsafe(no_mangle)]`.
            let expected = if path.ends_with("lib.rs") { 3 } else { 0 };
            assert_eq!(allowed, expected, "{}", path.display());
        }
    }
}

#[test]
fn files_are_short_and_beside_their_folders() {
    for path in rust_files(&workspace()) {
        let text = fs::read_to_string(&path).expect("a source");
        let lines = text.lines().count();
        let is_table = path.ends_with("tests/modules/directives.rs");
        assert!(
            lines <= 500 || is_table,
            "{}: {lines} lines",
            path.display()
        );
        let is_module = path.file_name().is_some_and(|name| name == "mod.rs");
        let is_shared = path
            .parent()
            .is_some_and(|parent| parent.ends_with("common"));
        assert!(!is_module || is_shared, "{}", path.display());
    }
}

#[test]
fn sql_on_our_tables_is_in_one_crate() {
    let tables = [
        "FROM server",
        "FROM filearr",
        "FROM hash",
        "UPDATE server",
        "UPDATE filearr",
        "INTO server",
    ];
    for directory in [
        "crates",
        "mb/src",
        "module-kit/src",
        "mod_mirrorbrain/src",
        "mod_asn/src",
    ] {
        for path in rust_files(&workspace().join(directory)) {
            let text = path.display().to_string();
            if text.contains("crates/mirror-db/")
                || text.contains("/tests/")
                || text.ends_with("tests.rs")
            {
                continue;
            }
            // It writes a file of statements for others, and runs none.
            if text.ends_with("export/postgresql.rs") {
                continue;
            }
            let code = code(&path);
            for words in tables {
                assert!(!code.contains(words), "{text}: {words}");
            }
        }
    }
}

#[test]
fn imports_are_one_line_for_each_module() {
    for path in rust_files(&workspace()) {
        let text = fs::read_to_string(&path).expect("a source");
        let imports = text.split("\nuse ").skip(1);
        for import in imports.filter_map(|rest| rest.split(';').next()) {
            let groups = import.matches('{').count();
            assert!(groups < 2, "{}: use {import}", path.display());
        }
    }
}
