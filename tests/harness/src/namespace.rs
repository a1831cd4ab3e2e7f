//! File systems that only one server sees, in a mount namespace of Linux, so that they can be full
//! or vanish; and what tests with namespaces of any kind need.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{is_root, run};

/// Why a test fails where it cannot have namespaces.
pub const NEEDED: &str = "this test needs root and the right to make namespaces; \
                          MB_WITHOUT_NAMESPACES=1 leaves it out";

/// Whether tests that need namespaces are to be left out, by the environment. Says so, since such a
/// test shows nothing.
pub fn left_out() -> bool {
    let left_out = std::env::var_os("MB_WITHOUT_NAMESPACES").is_some();
    if left_out {
        eprintln!("NOT TESTED, because MB_WITHOUT_NAMESPACES is set");
    }
    left_out
}

/// The words before a command that is to have mounts of its own. A shell makes them, by `script`, in
/// which `$1`, `$2` and so on are the `places`.
///
/// # Panics
/// If this user may not mount: a test that needs a disk to fill has shown nothing then, and must
/// not pass.
pub fn launcher(script: &str, places: &[&Path]) -> Vec<String> {
    assert!(is_root(), "{NEEDED}");
    let script = format!("set -e; {script}; shift {}; exec \"$@\"", places.len());
    let words = ["unshare", "--mount", "sh", "-c", &script, "sh"].map(str::to_owned);
    let places = places.iter().map(|place| place.display().to_string());
    words.into_iter().chain(places).collect()
}

/// Where the file that a process knows by this path is for all others.
pub fn seen_by(pid: u32, path: &Path) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// Runs a command among the mounts of a process.
pub fn run_among_mounts_of(pid: u32, command: &[&str]) {
    let target = pid.to_string();
    run(Command::new("nsenter")
        .args(["--mount", "--target", &target, "--"])
        .args(command));
}
