//! What a request costs, beside httpd's own modules giving the same answer.
//!
//! ```text
//! bench compare [--rounds N] [--seconds S] [--connections N] [--record] [series ...]
//! bench sweep [--rounds N] [--seconds S] [--most-paths N] [--record]
//! bench instructions [--record | --check] [series ...]
//! bench listing [--rounds N] [--seconds S] [--connections N] [--record] [configuration ...]
//! bench profile series
//! bench soak [--requests N]
//! bench mb [--rounds N] [--other PROGRAM] [--record]
//! bench scan [--rounds N] [--most-paths N] [--record]
//! bench hashes [--rounds N] [--record] [number of small files]
//! ```
//!
//! `--record` writes the result into docs/performance.md or docs/autoindex.md, which say what is measured and how;
//! `--check` fails if a request takes more instructions than recorded there.

mod administration;
mod child;
mod compare;
mod dataset;
mod geography;
mod hashing;
mod instructions;
mod kind;
mod listing;
mod load;
mod plot;
mod profile;
mod record;
mod report;
mod scanning;
mod servers;
mod site;
mod slice;
mod soak;
mod sweep;
mod usage;
mod verdict;

use std::time::Duration;

use slice::Effort;

const USAGE: &str =
    "usage: bench compare [--rounds N] [--seconds S] [--connections N] [--record] [series ...]
       bench sweep [--rounds N] [--seconds S] [--most-paths N] [--record]
       bench instructions [--record | --check] [series ...]
       bench listing [--rounds N] [--seconds S] [--connections N] [--record] [configuration ...]
       bench profile series
       bench soak [--requests N]
       bench mb [--rounds N] [--other PROGRAM] [--record]
       bench scan [--rounds N] [--most-paths N] [--record]
       bench hashes [--rounds N] [--record] [number of small files]";

/// Small files that are hashed, unless somebody says otherwise.
const SMALL_FILES: u32 = 50_000;

/// What the command line asks for.
struct Options {
    effort: Effort,
    most_paths: u32,
    requests: u64,
    record: bool,
    check: bool,
    other: Option<String>,
    names: Vec<String>,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    if command == child::COMMAND {
        std::process::exit(i32::from(!child::main(arguments)));
    }
    let options = Options::parse(arguments).unwrap_or_else(|problem| fail(&problem));
    match command.as_str() {
        "compare" => options.show("compare", &compare::run(options.effort, &options.names)),
        "instructions" => {
            let counts = instructions::run(&options.names);
            options.show("instructions", &instructions::table(&counts));
            if options.check {
                check(&counts);
            } else {
                print!("{}", instructions::functions(&counts));
            }
        }
        "sweep" => {
            let sweeps = sweep::run(options.effort, options.most_paths);
            options.show("sweep", &sweeps.text);
            let directory = if options.record { "docs" } else { "target" };
            let file = harness::workspace().join(directory).join("performance.svg");
            plot::write(&file, &sweeps.charts).expect("performance.svg");
        }
        "listing" => options.show("listing", &listing::run(options.effort, &options.names)),
        "soak" => {
            let verdict = soak::run(options.requests);
            println!("{verdict}");
            if !verdict.is_good() {
                std::process::exit(1);
            }
        }
        "mb" => {
            let other = options.other.as_deref();
            options.show("mb", &administration::run_all(options.effort.rounds, other));
        }
        "scan" => {
            let text = scanning::run(options.effort.rounds, options.most_paths);
            options.show("scan", &text);
        }
        "hashes" => {
            let files = options.names.first().map(|files| files.parse());
            let files = files.unwrap_or(Ok(SMALL_FILES));
            let files = files.unwrap_or_else(|_| fail(USAGE));
            options.show("hashes", &hashing::run(options.effort.rounds, files));
        }
        "profile" => print!("{}", profile::run(&options.names.join(" "))),
        _ => fail(USAGE),
    }
}

/// Ends with an error if a request has become more expensive than recorded.
fn check(counts: &[instructions::Count]) {
    let worse = instructions::regressions(counts, &record::read("instructions"));
    if !worse.is_empty() {
        fail(&worse.join("\n"));
    }
}

fn fail(text: &str) -> ! {
    eprintln!("{text}");
    std::process::exit(2);
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            effort: Effort {
                rounds: 7,
                connections: 16,
                slice: Duration::from_secs(2),
            },
            most_paths: 1_000_000,
            requests: soak::REQUESTS,
            record: false,
            check: false,
            other: None,
            names: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            if argument == "--record" {
                options.record = true;
            } else if argument == "--check" {
                options.check = true;
            } else if argument.starts_with("--") {
                let value = arguments.next().unwrap_or_default();
                options
                    .set(&argument, &value)
                    .ok_or_else(|| format!("{argument} {value}?\n{USAGE}"))?;
            } else {
                options.names.push(argument);
            }
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "--rounds" => self.effort.rounds = value.parse().ok()?,
            "--connections" => self.effort.connections = value.parse().ok()?,
            "--seconds" => {
                let seconds: f64 = value.parse().ok()?;
                self.effort.slice = Duration::try_from_secs_f64(seconds).ok()?;
            }
            "--requests" => self.requests = value.parse().ok().filter(|n| *n > 0)?,
            "--other" => self.other = Some(value.to_owned()),
            "--most-paths" => self.most_paths = value.parse().ok()?,
            _ => return None,
        }
        Some(())
    }

    fn show(&self, part: &str, text: &str) {
        println!("{text}");
        if self.record {
            record::write(part, text);
        }
    }
}
