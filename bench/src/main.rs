//! What a request costs, beside httpd's own modules giving the same answer.
//!
//! ```text
//! bench compare [--rounds N] [--seconds S] [--connections N] [series ...]
//! bench instructions
//! ```

mod compare;
mod dataset;
mod geography;
mod instructions;
mod load;
mod report;
mod servers;
mod site;
mod usage;

use std::time::Duration;

fn main() {
    let mut effort = compare::Effort {
        rounds: 7,
        connections: 16,
        slice: Duration::from_secs(2),
    };
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let mut names = Vec::new();
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let value = arguments.next().unwrap_or_default();
            value
                .parse::<f64>()
                .unwrap_or_else(|_| panic!("{argument} wants a number: {value}"))
        };
        match argument.as_str() {
            "--rounds" => effort.rounds = number() as usize,
            "--connections" => effort.connections = number() as usize,
            "--seconds" => effort.slice = Duration::from_secs_f64(number()),
            _ => names.push(argument),
        }
    }
    match command.as_str() {
        "compare" => compare::run(effort, &names),
        "instructions" => instructions::run(&names),
        _ => {
            eprintln!(
                "usage: bench compare [--rounds N] [--seconds S] [--connections N] [series ...]"
            );
            std::process::exit(2);
        }
    }
}
