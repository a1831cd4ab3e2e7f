//! What one run of a program takes.
//!
//! The kernel tells what ended children took only in total, so each run has a parent of its own: this
//! program once more, as `bench child program argument ...`.

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// The name of the command that [`measure`] runs.
pub const COMMAND: &str = "child";

/// What a run took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Taken {
    /// From start to end, in seconds.
    pub wall: f64,
    /// Processor time in seconds.
    pub cpu: f64,
    /// The most memory at one time (resident set), in bytes.
    pub memory: u64,
}

impl Taken {
    /// The median run; its processor time and memory are its own.
    pub fn median(runs: &[Self]) -> Self {
        let mut runs = runs.to_vec();
        runs.sort_by(|a, b| a.wall.total_cmp(&b.wall));
        runs.get(runs.len() / 2).copied().unwrap_or_default()
    }
}

/// Runs a program whose output nobody reads; `None` if it fails, with its words on stderr.
pub fn measure(program: &Command) -> Option<Taken> {
    let this = std::env::current_exe().expect("path of this program");
    let mut command = Command::new(this);
    command.arg(COMMAND).arg(program.get_program());
    command.args(program.get_args());
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .expect("this program");
    let told = String::from_utf8_lossy(&output.stdout);
    let mut fields = told.split_whitespace();
    let mut next = || fields.next().filter(|_| output.status.success());
    Some(Taken {
        wall: next()?.parse().expect("seconds"),
        cpu: next()?.parse().expect("seconds"),
        memory: next()?.parse().expect("bytes"),
    })
}

/// The command: runs the program, tells what that took, and returns whether it succeeded.
pub fn main(mut arguments: impl Iterator<Item = String>) -> bool {
    let program = arguments.next().expect("a program");
    let begin = Instant::now();
    let status = Command::new(&program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap_or_else(|e| panic!("{program}: {e}"));
    let wall = begin.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("getrusage");
    let cpu = usage.user_time() + usage.system_time();
    let cpu = cpu.num_microseconds() as f64 / 1e6;
    // Linux tells kilobytes.
    println!("{wall} {cpu} {}", usage.max_rss() * 1024);
    status.success()
}
