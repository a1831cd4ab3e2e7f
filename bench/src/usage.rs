//! What a running httpd uses, as Linux tells in /proc.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use tests::command::{children, run};
use tests::httpd::Httpd;

/// Processor time that the parent and its children have used, in seconds. It does not depend on
/// what else the machine does, apart from the caches that they share.
pub fn cpu_seconds(httpd: &Httpd) -> f64 {
    let parent = httpd.pid();
    let ticks: u64 = [parent]
        .into_iter()
        .chain(children(parent))
        .filter_map(ticks)
        .sum();
    ticks as f64 / ticks_per_second()
}

/// User and system time of a process with all its threads (proc(5), fields 14 and 15 of stat).
fn ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold blanks; the third field comes after it.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn ticks_per_second() -> f64 {
    static RATE: OnceLock<f64> = OnceLock::new();
    *RATE.get_or_init(|| {
        let rate = run(Command::new("getconf").arg("CLK_TCK"));
        rate.trim().parse().expect("getconf prints a number")
    })
}

/// Proportional set size of a child, in bytes: its memory, shared pages counted by share. The
/// largest of the children's.
pub fn child_pss(httpd: &Httpd) -> u64 {
    let pss = |pid| {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
        Some(kilobytes << 10)
    };
    httpd
        .children()
        .into_iter()
        .filter_map(pss)
        .max()
        .unwrap_or(0)
}
