//! Builds the three modules under test, once in a run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::command::run;
use crate::workspace;

/// The packages that make the modules; package `mod_x` becomes `mod_x.so`.
pub const PACKAGES: [&str; 3] = ["mod_mirrorbrain", "mod_asn", "mod_autoindex_mb"];

/// A directory with the modules under the names that httpd knows.
///
/// `MB_MODULES` in the environment names a directory with finished ones; without it they are
/// built with the profile and in the target directory of the running program, because `cargo test`
/// by itself does not put a cdylib in its place.
pub fn dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        std::env::var_os("MB_MODULES").map_or_else(|| build("modules", &[]), PathBuf::from)
    })
}

/// A directory with modules that panic where a file says, for tests of what contains that.
///
/// They share all that they do not build anew with the others. Both come to lie under one name,
/// so the others, already built, are put back there.
pub fn panicking() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = build("modules-that-panic", &["--features", "panic-injection"]);
        build("modules", &[]);
        dir
    })
}

/// The command that builds the modules, as the user's own `cargo build` would.
///
/// What cargo tells the program that it runs about that program's package is kept from the cargo
/// below: build scripts that look at it (ring's) would run anew, now and at the next build by hand.
pub fn cargo_build() -> Command {
    let profile_dir = profile_dir();
    let target_dir = profile_dir.parent().expect("a target directory");
    let profile = match profile_dir.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    let about_us = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
    ];
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if about_us.iter().any(|start| text.starts_with(start)) {
            command.env_remove(&name);
        }
    }
    command.args(["build", "--profile", profile, "--target-dir"]);
    command.arg(target_dir).current_dir(workspace());
    for package in PACKAGES {
        command.args(["-p", package]);
    }
    command
}

fn build(name: &str, arguments: &[&str]) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    run(cargo_build().arg("--quiet").args(arguments));

    let profile_dir = profile_dir();
    let dir = profile_dir.join(name);
    fs::create_dir_all(&dir).expect("directory of the modules");
    for package in PACKAGES {
        put(&profile_dir.join(format!("lib{package}.so")), &dir, package);
    }
    dir
}

/// Puts a module in place in one step, and as a link that keeps its content when cargo writes the
/// next build: a running httpd maps it.
fn put(library: &Path, dir: &Path, package: &str) {
    let temporary = dir.join(format!("{package}.{}", std::process::id()));
    let _ = fs::remove_file(&temporary);
    fs::hard_link(library, &temporary).unwrap_or_else(|e| panic!("{}: {e}", library.display()));
    fs::rename(&temporary, dir.join(format!("{package}.so"))).expect("module in its place");
    // Renaming a link to another link of the same file leaves both.
    let _ = fs::remove_file(&temporary);
}

/// `target/<profile>`, found from where the running program lies: in it, or in its `deps`.
fn profile_dir() -> PathBuf {
    let program = std::env::current_exe().expect("path of this program");
    let dir = program.parent().expect("directory of this program");
    if dir.ends_with("deps") {
        dir.parent().expect("profile directory").to_path_buf()
    } else {
        dir.to_path_buf()
    }
}
