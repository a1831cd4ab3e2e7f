//! Each target on its corpus and on inputs made from it, for a moment. `FUZZ_SEED` and
//! `FUZZ_SECONDS` in the environment make it another moment, or a longer one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use fuzz::mutate::Mutator;
use fuzz::{TARGETS, Target};

const SECONDS: u64 = 1;
const SEED: u64 = 20_261_122;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[track_caller]
fn run(target: Target, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err() {
        panic!("{}: finding: {}", target.name, input.escape_ascii());
    }
}

#[test]
fn every_target_stands_its_corpus_and_what_is_made_of_it() {
    let time = Duration::from_secs(setting("FUZZ_SECONDS", SECONDS));
    for &target in TARGETS {
        let corpus = target.corpus();
        run(target, b"");
        corpus.iter().for_each(|input| run(target, input));
        let mut mutator = Mutator::new(setting("FUZZ_SEED", SEED), corpus, target.dictionary());
        let (start, mut count) = (Instant::now(), 0_u64);
        while start.elapsed() < time {
            run(target, &mutator.next_input());
            count += 1;
        }
        println!("{}: {count} inputs", target.name);
    }
}
