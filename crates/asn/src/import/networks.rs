//! The networks of all files, each once.

use super::line::{self, Line};
use crate::table::Range;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

/// How many malformed lines are shown.
const SHOWN: usize = 10;

/// What the files said.
#[derive(Debug, Default)]
pub struct Networks {
    /// Range to AS number and how many routers saw it.
    found: HashMap<Range, (u32, u32)>,
    unrouted: u64,
    repeated: u64,
    malformed: u64,
    examples: Vec<String>,
}

impl Networks {
    /// Takes a line; `place` names it, should it be malformed.
    pub fn add(&mut self, line: &str, place: impl FnOnce() -> String) {
        match line::read(line) {
            Line::Nothing => {}
            Line::Unrouted => self.unrouted += 1,
            Line::Network { range, asn, seen } => self.insert(range, asn, seen),
            Line::Malformed => {
                let text: String = line.trim().chars().take(60).collect();
                self.add_malformed(format!("{}: {text:?}", place()));
            }
        }
    }

    /// Takes a network of a routing table; `seen` is the number of routers that know it.
    pub(super) fn add_route(&mut self, range: Range, asn: u32, seen: u32) {
        if asn == 0 {
            self.unrouted += 1;
        } else {
            self.insert(range, asn, seen);
        }
    }

    /// Counts what cannot be understood of a file that has no lines.
    pub(super) fn add_malformed(&mut self, what: String) {
        self.malformed += 1;
        if self.examples.len() < SHOWN {
            self.examples.push(what);
        }
    }

    /// Of several origins of one range the one that most routers saw stays, else the first.
    fn insert(&mut self, range: Range, asn: u32, seen: u32) {
        match self.found.entry(range) {
            Entry::Vacant(entry) => {
                entry.insert((asn, seen));
            }
            Entry::Occupied(mut entry) => {
                self.repeated += 1;
                if seen > entry.get().1 {
                    entry.insert((asn, seen));
                }
            }
        }
    }

    /// The number of networks.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Ranges with AS numbers, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (Range, u32)> {
        self.found.iter().map(|(range, (asn, _))| (*range, *asn))
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v6 = self
            .found
            .keys()
            .filter(|range| matches!(range, Range::V6(..)))
            .count();
        write!(f, "read {} IPv4 and {v6} IPv6 networks", self.len() - v6)?;
        for (count, what) in [
            (self.repeated, "repeated"),
            (self.unrouted, "not routed"),
            (self.malformed, "malformed"),
        ] {
            if count > 0 {
                write!(f, ", left out {count} {what}")?;
            }
        }
        for example in &self.examples {
            write!(f, "\n  malformed: {example}")?;
        }
        let more = self.malformed.saturating_sub(SHOWN as u64);
        if more > 0 {
            write!(f, "\n  and {more} more")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_that_most_routers_saw_stays() {
        let mut networks = Networks::default();
        for line in ["1\t10.0.0.0/8\t5", "2\t10.0.0.0/8\t90", "3\t10.0.0.0/8\t90"] {
            networks.add(line, String::new);
        }
        let found: Vec<_> = networks.iter().collect();
        assert_eq!(found, [("10.0.0.0/8".parse().unwrap(), 2)]);
    }

    #[test]
    fn malformed_lines_are_counted_and_named() {
        let mut networks = Networks::default();
        for n in 1..=12 {
            networks.add("nonsense\t", || format!("file:{n}"));
        }
        networks.add("10.0.0.0\t8\t1", String::new);
        networks.add("10.0.0.0\t8\t0", String::new);
        let text = networks.to_string();
        assert!(
            text.starts_with(
                "read 1 IPv4 and 0 IPv6 networks, left out 1 not routed, left out 12 malformed\n  \
             malformed: file:1: \"nonsense\"\n"
            ),
            "{text}"
        );
        assert!(
            text.ends_with("file:10: \"nonsense\"\n  and 2 more"),
            "{text}"
        );
    }
}
