//! Each target on its corpus and on inputs made from it, for a moment. `FUZZ_SEED` and
//! `FUZZ_SECONDS` in the environment make it another moment, or a longer one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use fuzz::mutate::Mutator;
use fuzz::{TARGETS, Target};

const SECONDS: u64 = 1;
const SEED: u64 = 20_261_122;

/// One test for each target.
macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                stands(stringify!($name));
            }
        )*

        #[test]
        fn no_target_is_left_out() {
            let tested = [$(stringify!($name)),*];
            assert!(TARGETS.iter().map(|target| target.name).eq(tested));
        }
    };
}

targets! {
    query accept suffix connection sql directives columns mirrors mmdb documents
    listing view addresses networks asn_table import memcached
    site_config edited markers page index lines
}

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn stands(name: &str) {
    let target = Target::named(name).expect("a target");
    let corpus = target.corpus();
    run(target, b"");
    corpus.iter().for_each(|input| run(target, input));
    let mut mutator = Mutator::new(setting("FUZZ_SEED", SEED), corpus, target.dictionary());
    let time = Duration::from_secs(setting("FUZZ_SECONDS", SECONDS));
    let (start, mut count) = (Instant::now(), 0_u64);
    while start.elapsed() < time {
        run(target, &mutator.next_input());
        count += 1;
    }
    println!("{name}: {count} inputs");
}

#[track_caller]
fn run(target: Target, input: &[u8]) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err() {
        panic!("{}: finding: {}", target.name, input.escape_ascii());
    }
}
