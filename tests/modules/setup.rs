//! `tools/setup.sh` says what it cannot mend, once and before it installs anything.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use harness::command::find;
use harness::{temp_dir, workspace};

/// A system in which the script runs: real tools, and others in place of what it asks about.
const TOOLS: [&str; 8] = [
    "sh", "sed", "sort", "head", "tail", "cut", "grep", "dirname",
];

/// Runs the script on a system with these programs, each with the text of its shell script.
/// Standard output and error come back if the script ends as told.
#[track_caller]
fn setup(argument: &str, programs: &[(&str, &str)], succeeds: bool) -> String {
    let bin = temp_dir("setup");
    for name in TOOLS {
        symlink(find(name).expect(name), bin.path().join(name)).expect("link");
    }
    for (name, script) in programs {
        let program = bin.path().join(name);
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("program");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("mode");
    }
    let mut command = Command::new(workspace().join("tools/setup.sh"));
    command.arg(argument).env_clear().env("PATH", bin.path());
    if programs.iter().any(|(name, _)| *name == "initdb") {
        command.env("PGBINDIR", bin.path());
    }
    let output = command.output().expect("setup.sh");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert_eq!(output.status.success(), succeeds, "{text}");
    text
}

const CARGO: (&str, &str) = ("cargo", "echo cargo 1.96.0");
const USER: (&str, &str) = ("id", "echo 1000");
const NOTHING_INSTALLED: (&str, &str) = ("dpkg-query", "exit 1");
const POSTGRESQL: (&str, &str) = ("initdb", "echo 'initdb (PostgreSQL) 17.10'");
const APT_GET: (&str, &str) = ("apt-get", "echo apt-get was run: $*");

/// The packages of npm are in the checkout.
const NPM: (&str, &str) = ("npm", "exit 0");
const JAVA: (&str, &str) = ("java", "exit 0");

/// What `apt-cache policy` says of cargo-web.
const CACHE: (&str, &str) = ("apt-cache", "echo '  Candidate: 1.96.0+dfsg1-1~deb12u2'");

#[test]
fn rust_is_looked_at_before_anything_is_installed() {
    let apt = [USER, NOTHING_INSTALLED, APT_GET, CACHE];
    let old = [apt.as_slice(), &[("cargo", "echo cargo 1.65.0")]].concat();
    for (programs, found) in [(&apt[..], "missing"), (&old, "1.65.0")] {
        let text = setup("build", programs, false);
        let first = format!("and cargo here is {found}. Either of\n");
        assert!(text.starts_with("setup: Rust 1."), "{text}");
        assert!(text.contains(&first), "{text}");
        assert!(text.contains("apt-get install cargo-web rustc-web (here 1.96.0)"));
        assert!(text.contains("https://rustup.rs"), "{text}");
        assert!(!text.contains("was run"), "{text}");
    }
}

#[test]
fn without_root_and_sudo_the_one_command_for_root_is_shown() {
    let text = setup(
        "demo",
        &[CARGO, USER, NOTHING_INSTALLED, APT_GET, POSTGRESQL],
        false,
    );
    let commands: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("apt-get"))
        .collect();
    let [command] = commands[..] else {
        panic!("{text}");
    };
    let install = "  apt-get update && apt-get install -y --no-install-recommends apache2-bin ";
    assert!(command.starts_with(install), "{text}");
    assert!(command.ends_with(" postgresql-17-ip4r"), "{text}");
    // The package that starts a server on port 80.
    assert!(!command.contains(" apache2 "), "{text}");
}

#[test]
fn an_old_postgresql_is_named_before_anything_is_installed() {
    let old = (
        "initdb",
        "echo 'initdb (PostgreSQL) 13.23 (Debian 13.23-0+deb11u1)'",
    );
    let text = setup("", &[CARGO, USER, NOTHING_INSTALLED, APT_GET, old], false);
    let first = "setup: PostgreSQL 14 or newer is needed, and here it is 13.\n";
    assert!(text.starts_with(first), "{text}");
    assert!(!text.contains("was run"), "{text}");
}

#[test]
fn nothing_is_done_where_nothing_is_missing() {
    let installed = ("dpkg-query", "printf installed");
    for argument in ["build", "demo", ""] {
        let text = setup(
            argument,
            &[CARGO, USER, installed, APT_GET, POSTGRESQL, NPM, JAVA],
            true,
        );
        assert_eq!(text, "");
    }
}
