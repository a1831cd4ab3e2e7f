//! Changes inputs at random, without knowing what the target makes of them: enough to notice a
//! mistake of yesterday within a second. The search in earnest is libFuzzer's.

use fastrand::Rng;

/// Longer inputs cost time and show nothing new.
const MAX_LENGTH: usize = 4096;

/// Makes inputs from others.
#[derive(Debug)]
pub struct Mutator {
    random: Rng,
    corpus: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

impl Mutator {
    /// The same seed makes the same inputs.
    pub fn new(seed: u64, corpus: Vec<Vec<u8>>, words: Vec<Vec<u8>>) -> Self {
        let random = Rng::with_seed(seed);
        Self {
            random,
            corpus,
            words,
        }
    }

    /// The next input: one of the corpus, changed in one to eight ways.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self
            .random
            .choice(&self.corpus)
            .cloned()
            .unwrap_or_default();
        for _ in 0..self.random.usize(1..=8) {
            self.change(&mut input);
        }
        input.truncate(MAX_LENGTH);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.random.usize(0..=input.len());
        let end = self.random.usize(at..=input.len()).min(at + 32);
        match self.random.u8(0..8) {
            0 => flip(input, at, 1 << self.random.u8(0..8)),
            1 => flip(input, at, self.random.u8(1..)),
            2 => drop(input.drain(at..end)),
            3 => {
                let piece = input.get(at..end).unwrap_or_default().to_vec();
                insert(input, at, &piece);
            }
            4 => {
                let noise: Vec<u8> = (0..end - at).map(|_| self.random.u8(..)).collect();
                insert(input, at, &noise);
            }
            5 => input.truncate(at),
            6 => {
                let other = self
                    .random
                    .choice(&self.corpus)
                    .cloned()
                    .unwrap_or_default();
                let from = self.random.usize(0..=other.len());
                input.truncate(at);
                input.extend_from_slice(other.get(from..).unwrap_or_default());
            }
            _ => {
                let word = self.random.choice(&self.words).cloned().unwrap_or_default();
                insert(input, at, &word);
            }
        }
    }
}

fn flip(input: &mut [u8], at: usize, bits: u8) {
    if let Some(byte) = input.get_mut(at) {
        *byte ^= bits;
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    input.splice(at..at, piece.iter().copied());
}
