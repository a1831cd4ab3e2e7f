//! libFuzzer on one target: `FUZZ_TARGET=query fuzz corpus/query`. See `make fuzz`.
#![no_main]

use std::sync::OnceLock;

use fuzz::Target;
use libfuzzer_sys::fuzz_target;

static TARGET: OnceLock<Target> = OnceLock::new();

fn chosen() -> Target {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    Target::named(&name).unwrap_or_else(|| panic!("FUZZ_TARGET: no target \"{name}\""))
}

fuzz_target!(|input: &[u8]| (TARGET.get_or_init(chosen).run)(input));
