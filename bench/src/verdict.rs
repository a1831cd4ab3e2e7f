//! Whether memory grew with the number of requests.

use std::fmt;
use std::time::Duration;

/// Growth that counts as none: a block of the allocator here and there, and for each request of
/// millions less than a byte.
const NOISE: u64 = 1 << 20;

/// Parts that a run is looked at in. The first one warms up.
const FIFTHS: u64 = 5;

/// Memory at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Requests done.
    pub done: u64,
    /// Bytes resident.
    pub resident: u64,
}

/// What came of it.
pub struct Verdict {
    requests: u64,
    elapsed: Duration,
    /// Mean of all samples of each fifth, in bytes; none if it went by between two looks.
    fifths: Vec<Option<u64>>,
    /// Whether the children are those of the start.
    same_children: bool,
}

impl Verdict {
    /// Of the samples of a whole run.
    pub fn new(requests: u64, elapsed: Duration, samples: &[Sample], same_children: bool) -> Self {
        let mean = |fifth: u64| {
            let within = requests * fifth / FIFTHS..=requests * (fifth + 1) / FIFTHS;
            let values = samples
                .iter()
                .filter(|sample| within.contains(&sample.done));
            let (sum, count) = values.fold((0, 0), |(sum, count), sample| {
                (sum + sample.resident, count + 1)
            });
            u64::checked_div(sum, count)
        };
        Self {
            requests,
            elapsed,
            fifths: (0..FIFTHS).map(mean).collect(),
            same_children,
        }
    }

    /// Whether nothing grew and nothing ended.
    pub fn is_good(&self) -> bool {
        self.same_children && self.growth().is_some_and(|growth| growth <= NOISE as i64)
    }

    /// How much more the largest of the last three fifths has than the second, in bytes. None
    /// without samples of each.
    fn growth(&self) -> Option<i64> {
        let known: Option<Vec<u64>> = self.fifths.iter().copied().collect();
        let known = known?;
        let (before, later) = known.get(1..)?.split_first()?;
        Some(*later.iter().max()? as i64 - *before as i64)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: f64| bytes / f64::from(1 << 20);
        let word = match (self.same_children, self.growth()) {
            (false, _) => "a child ended",
            (true, None) => "too short to tell",
            (true, Some(_)) if self.is_good() => "flat",
            (true, Some(_)) => "it grows",
        };
        write!(
            f,
            "soak: {} requests in {:.0} s, all answered as expected; resident MiB by fifths:",
            self.requests,
            self.elapsed.as_secs_f64()
        )?;
        for fifth in &self.fifths {
            match fifth {
                Some(bytes) => write!(f, " {:.2}", mib(*bytes as f64))?,
                None => write!(f, " ?")?,
            }
        }
        match self.growth() {
            Some(growth) => write!(f, " ({:+.2} since the second): {word}", mib(growth as f64)),
            None => write!(f, ": {word}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// A run of a thousand requests with the memory that `resident` gives for each.
    fn run(resident: impl Fn(u64) -> u64) -> Verdict {
        let sample = |done| Sample {
            done,
            resident: resident(done),
        };
        let samples: Vec<Sample> = (0..=1000).map(sample).collect();
        Verdict::new(1000, Duration::from_secs(1), &samples, true)
    }

    #[test]
    fn what_fills_at_first_and_then_stays_is_flat() {
        let verdict = run(|done| (20 + done.min(200) / 20) * MIB);
        assert!(verdict.is_good(), "{verdict}");
        assert!(verdict.to_string().ends_with("flat"), "{verdict}");
    }

    #[test]
    fn what_goes_on_growing_is_not_however_slowly() {
        // 1.2 MiB from the middle of the second fifth to that of the last.
        let verdict = run(|done| 20 * MIB + done * 2 * MIB / 1000);
        assert!(!verdict.is_good(), "{verdict}");
        assert!(verdict.to_string().ends_with("it grows"), "{verdict}");
    }

    #[test]
    fn what_grows_in_between_does_not_hide_behind_a_fall_at_the_end() {
        let verdict = run(|done| if (600..800).contains(&done) { 22 } else { 20 } * MIB);
        assert!(!verdict.is_good(), "{verdict}");
    }

    #[test]
    fn a_fifth_without_a_look_and_a_new_child_are_no_success() {
        let none = Verdict::new(1000, Duration::ZERO, &[], true);
        assert!(!none.is_good(), "{none}");
        let samples: Vec<Sample> = (0..=1000)
            .map(|done| Sample { done, resident: 1 })
            .collect();
        let other = Verdict::new(1000, Duration::ZERO, &samples, false);
        assert!(!other.is_good(), "{other}");
    }
}
