//! What the kernel tells of a process.

use std::fs;
use std::path::PathBuf;

/// An amount that a file of `/proc/<pid>` gives in kB, in bytes: the line that starts with `label`,
/// as `VmRSS:` in `status`. None if the process has gone, or the kernel does not tell.
pub fn amount(pid: u32, file: &str, label: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes << 10)
}

/// The threads of a process: their names and their directories in /proc.
pub fn threads(pid: u32) -> Vec<(String, PathBuf)> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter();
    tasks
        .flatten()
        .flatten()
        .filter_map(|task| {
            let name = fs::read_to_string(task.path().join("comm")).ok()?;
            Some((name.trim_end().to_owned(), task.path()))
        })
        .collect()
}
