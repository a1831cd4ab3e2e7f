//! Running programs, and dropping root's rights for those that refuse to have them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs a command to its end and returns its standard output.
///
/// # Panics
/// If it cannot be started or fails; the text has the command and what it wrote.
#[track_caller]
pub fn run(command: &mut Command) -> String {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{stdout}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    stdout.into_owned()
}

/// Whether a command can be started and succeeds; its output goes nowhere.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    run(Command::new("id").arg("-u")).trim() == "0"
}

/// The first of these users that the system has.
pub fn existing_user<'n>(names: &[&'n str]) -> Option<&'n str> {
    names
        .iter()
        .find(|name| succeeds(Command::new("id").arg(name)))
        .copied()
}

/// A command that runs `program` as `user`, or as ourselves if there is none.
pub fn as_user(user: Option<&str>, program: impl AsRef<OsStr>) -> Command {
    match user {
        None => Command::new(program),
        Some(user) => {
            // runuser comes with util-linux and, unlike su, passes the arguments on untouched.
            let mut command = Command::new("runuser");
            command.args(["-u", user, "--"]).arg(program);
            command
        }
    }
}

/// The numeric user and group id of a user.
pub fn ids(user: &str) -> (u32, u32) {
    let id = |flag| {
        run(Command::new("id").args([flag, user]))
            .trim()
            .parse()
            .expect("id prints a number")
    };
    (id("-u"), id("-g"))
}

/// Sends a signal, by name, to processes. A process that has gone meanwhile is no error.
pub fn signal(name: &str, pids: &[u32]) {
    let mut kill = Command::new("kill");
    kill.arg(format!("-{name}"));
    kill.args(pids.iter().map(u32::to_string));
    succeeds(&mut kill);
}

/// Whether a process exists.
pub fn is_alive(pid: u32) -> bool {
    succeeds(Command::new("kill").args(["-0", &pid.to_string()]))
}

/// The direct children of a process.
pub fn children(pid: u32) -> Vec<u32> {
    std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect()
}

/// Looks a program up in PATH and in the directories where servers live.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from))
        .map(|dir| dir.join(name))
        .find(|file| Path::is_file(file))
}
