//! What running servers use, as Linux tells in /proc.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use harness::command::{children, run};
use harness::httpd::Httpd;
use harness::postgres::Cluster;
use harness::process::amount;

/// Processor time that httpd, parent and children, has used so far, in seconds. It does not depend
/// on what else the machine does, apart from the caches that they share.
pub fn httpd_seconds(httpd: &Httpd) -> f64 {
    family_seconds(httpd.pid())
}

/// The same of PostgreSQL.
pub fn cluster_seconds(cluster: &Cluster) -> f64 {
    let file = cluster.socket_dir().join("data/postmaster.pid");
    let text = fs::read_to_string(file).unwrap_or_default();
    let pid = text.lines().next().and_then(|line| line.parse().ok());
    pid.map_or(0.0, family_seconds)
}

/// Processor time of this program, in seconds.
pub fn own_seconds() -> f64 {
    ticks(std::process::id()).unwrap_or_default() as f64 / ticks_per_second()
}

fn family_seconds(parent: u32) -> f64 {
    let family = [parent].into_iter().chain(children(parent));
    family.filter_map(ticks).sum::<u64>() as f64 / ticks_per_second()
}

/// User and system time of a process, all its threads, and its children that have ended (proc(5),
/// fields 14 to 17 of stat).
fn ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold blanks; the third field comes after it.
    let (_, rest) = stat.rsplit_once(") ")?;
    let times = rest.split(' ').skip(11).take(4);
    times.map(|field| field.parse::<u64>().ok()).sum()
}

fn ticks_per_second() -> f64 {
    static RATE: OnceLock<f64> = OnceLock::new();
    *RATE.get_or_init(|| {
        let rate = run(Command::new("getconf").arg("CLK_TCK"));
        rate.trim().parse().expect("getconf prints a number")
    })
}

/// The most memory that a child has held at one time so far (resident set), in bytes. The largest
/// of the children's.
pub fn child_peak(httpd: &Httpd) -> u64 {
    amounts(httpd, "status", "VmHWM:").max().unwrap_or(0)
}

/// Proportional set size of a child, in bytes: its memory, shared pages counted by share. The
/// largest of the children's.
pub fn child_pss(httpd: &Httpd) -> u64 {
    amounts(httpd, "smaps_rollup", "Pss:").max().unwrap_or(0)
}

/// Pages of all children that are in memory, in bytes; those that they share count for each. Unlike
/// the proportional size it does not change when another program maps the same libraries, or no
/// longer does.
pub fn family_resident(httpd: &Httpd) -> u64 {
    amounts(httpd, "smaps_rollup", "Rss:").sum()
}

/// The children's amounts, in bytes, that a file of /proc tells in kilobytes.
fn amounts(httpd: &Httpd, file: &str, label: &str) -> impl Iterator<Item = u64> {
    let children = httpd.children().into_iter();
    children.filter_map(move |pid| amount(pid, file, label))
}
