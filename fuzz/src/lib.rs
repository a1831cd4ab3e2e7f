#![forbid(unsafe_code)]
//! What reads the input of others, each as one function that takes any bytes and panics if an
//! answer is wrong.
//!
//! Two drivers run the same [`TARGETS`]: `cargo test` replays the corpus and mutates it for a
//! second ([`mutate`]); `make fuzz` lets libFuzzer search, guided by coverage, as long as one likes.
//! A finding becomes a file of the corpus, so that each later run repeats it.

pub mod mutate;
pub mod targets;

use std::fs;
use std::path::{Path, PathBuf};

/// One reader of hostile input.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Names it, its corpus and its dictionary.
    pub name: &'static str,
    /// Reads the input. A panic is a finding.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    target("query", targets::request::query),
    target("accept", targets::request::accept),
    target("suffix", targets::request::suffix),
    target("connection", targets::configuration::connection),
    target("sql", targets::configuration::sql),
    target("directives", targets::configuration::directives),
    target("columns", targets::database::columns),
    target("mirrors", targets::database::mirrors),
    target("mmdb", targets::mmdb::mmdb),
    target("documents", targets::documents::documents),
    target("listing", targets::listing::listing),
    target("view", targets::view::view),
    target("addresses", targets::asn::addresses),
    target("networks", targets::asn::networks),
    target("asn_table", targets::asn::asn_table),
    target("import", targets::asn::import),
    target("memcached", targets::network::memcached),
    target("site_config", targets::tool::site_config),
    target("edited", targets::tool::edited),
    target("markers", targets::tool::markers),
    target("page", targets::mirror_files::page),
    target("index", targets::mirror_files::index),
    target("lines", targets::mirror_files::lines),
];

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

impl Target {
    /// The target of that name.
    pub fn named(name: &str) -> Option<Self> {
        TARGETS.iter().copied().find(|target| target.name == name)
    }

    /// The committed inputs, in the order of their names.
    ///
    /// # Panics
    /// If there are none.
    pub fn corpus(&self) -> Vec<Vec<u8>> {
        let mut files: Vec<PathBuf> = fs::read_dir(home("corpus").join(self.name))
            .unwrap_or_else(|e| panic!("corpus of {}: {e}", self.name))
            .flatten()
            .map(|entry| entry.path())
            .collect();
        files.sort();
        let inputs: Vec<Vec<u8>> = files
            .iter()
            .filter_map(|file| fs::read(file).ok())
            .collect();
        assert!(!inputs.is_empty(), "the corpus of {} is empty", self.name);
        inputs
    }

    /// The words that make input interesting, in libFuzzer's format: one quoted word a line.
    pub fn dictionary(&self) -> Vec<Vec<u8>> {
        let file = home("dict").join(format!("{}.dict", self.name));
        let text = fs::read_to_string(file).unwrap_or_default();
        text.lines().filter_map(word).collect()
    }
}

fn home(directory: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)
}

/// The word between the quotes of a line of a dictionary, with `\"`, `\\` and `\xNN`.
fn word(line: &str) -> Option<Vec<u8>> {
    let quoted = line.trim().strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match chars.next()? {
            'x' => {
                let digits: String = chars.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).ok()?);
            }
            escaped => bytes.push(u8::try_from(escaped).ok()?),
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_libfuzzer_reads_them() {
        assert_eq!(word(r#""a\"b\\\x00\xff""#), Some(b"a\"b\\\0\xff".to_vec()));
        assert_eq!(word("# a comment"), None);
    }

    #[test]
    fn each_target_has_inputs_of_its_own() {
        for target in TARGETS {
            target.corpus();
        }
    }
}
