//! From candidates to an order.

use crate::candidates::{Counts, Grouped, Usable};
use crate::rank::{self, Key};
use crate::{Candidates, Choice, Client, Distance, Group, Mirror, Selection};

/// How much of the order is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All usable mirrors.
    All,
    /// The first few, which costs less: the groups behind them are not looked at. At least one
    /// is ranked in any case.
    Top(usize),
}

/// Puts the mirrors that a client may use for a file into the order of preference.
///
/// `candidates` are the mirrors that have the file, of `file_size` bytes; their order decides
/// where all else is equal. `fallbacks` are used if no candidate is usable. `random` gives
/// numbers that are uniform over all of `u64`; it is asked where the client's place is unknown,
/// and to draw among equals.
pub fn select<'a>(
    candidates: impl Into<Candidates<'a>>,
    fallbacks: &'a [Mirror],
    client: &'a Client,
    file_size: u64,
    distance: Distance,
    random: &mut impl FnMut() -> u64,
    extent: Extent,
) -> Selection<'a> {
    let mut usable = Grouped::new(candidates.into(), client, file_size);
    let mut counts = usable.counts();
    let uses_fallbacks = counts == Counts::default() && !fallbacks.is_empty();
    if uses_fallbacks {
        usable = Grouped::new(Candidates::Rows(fallbacks), client, file_size);
        counts = usable.counts();
    }
    let all = counts.iter().map(|&count| count as usize).sum();
    let wanted = match extent {
        Extent::All => all,
        Extent::Top(count) => count.max(1).min(all),
    };
    let mut best = Best::new(wanted);
    let ranking = Ranking {
        place: client.coordinates.filter(|&place| distance.is_place(place)),
        distance,
        shares: shares(counts, wanted),
    };
    let needed = |group| ranking.share(group).is_some();
    usable.each(needed, |usable| {
        let Usable {
            mirror,
            row,
            group,
            in_country,
        } = usable;
        let key = ranking.key(mirror, group, random);
        let order = ((group as u64) << 61) | key;
        // Most are not among the first.
        if order > best.bar.0 {
            return;
        }
        let choice = Choice {
            order,
            mirror,
            client,
            row,
            group,
            in_country,
        };
        best.add(choice, random);
    });
    let (choices, target) = best.finish();
    Selection {
        choices,
        target,
        uses_fallbacks,
    }
}

/// For the groups that the first `wanted` come from: the head start of each of their mirrors.
fn shares(counts: Counts, wanted: usize) -> [Option<u32>; Group::ALL.len()] {
    let mut before = 0;
    counts.map(|count| {
        let needed = count > 0 && before < wanted;
        before += if needed { count as usize } else { 0 };
        needed.then(|| rank::share(count))
    })
}

/// What the order inside of the groups depends on.
struct Ranking {
    place: Option<(f32, f32)>,
    distance: Distance,
    shares: [Option<u32>; Group::ALL.len()],
}

impl Ranking {
    fn share(&self, group: Group) -> Option<u32> {
        self.shares.get(group as usize).copied().flatten()
    }

    fn key(&self, mirror: &Mirror, group: Group, random: &mut impl FnMut() -> u64) -> Key {
        let Some(place) = self.place else {
            return rank::by_chance(random(), mirror.score);
        };
        let there = (mirror.latitude, mirror.longitude);
        let share = self.share(group).unwrap_or_default();
        rank::by_distance(self.distance.between(place, there), share, mirror.score)
    }
}

/// The first few of many choices, which come in any order.
struct Best<'a> {
    wanted: usize,
    /// Those among which the first `wanted` are, and some more.
    choices: Vec<Choice<'a>>,
    /// The last of the first `wanted`, once there are more: what comes after it is not kept.
    bar: (u64, u32),
    /// Drawn by score from the choices that tie with the first.
    target: Option<Choice<'a>>,
    /// The sum of their scores.
    tied: u64,
}

impl<'a> Best<'a> {
    fn new(wanted: usize) -> Self {
        Self {
            wanted,
            choices: Vec::with_capacity(wanted.saturating_mul(2).min(64)),
            bar: (u64::MAX, u32::MAX),
            target: None,
            tied: 0,
        }
    }

    fn add(&mut self, choice: Choice<'a>, random: &mut impl FnMut() -> u64) {
        let first = self.target.map_or(u64::MAX, |target| target.order);
        if choice.order <= first {
            self.draw(choice, first, random);
        }
        if choice.place() > self.bar {
            return;
        }
        self.choices.push(choice);
        if self.choices.len() >= self.wanted.saturating_mul(2) {
            self.keep_first();
        }
    }

    /// One more that ties with the first, or a new first. Each is the target with the probability
    /// of its score over the sum of all that tie, whatever their order: with its own when it
    /// comes, and that of being replaced later.
    fn draw(&mut self, choice: Choice<'a>, first: u64, random: &mut impl FnMut() -> u64) {
        let score = u64::from(choice.mirror.score);
        if self.target.is_none() || choice.order < first {
            self.target = Some(choice);
            self.tied = score;
            return;
        }
        let before = self.tied;
        self.tied += score;
        // The product's upper half is uniform below the sum, to within sum / 2^64.
        let drawn = (u128::from(random()) * u128::from(self.tied)) >> 64;
        if drawn >= u128::from(before) {
            self.target = Some(choice);
        }
    }

    fn keep_first(&mut self) {
        let Some(last) = self.wanted.checked_sub(1) else {
            return;
        };
        if last < self.choices.len() {
            let (_, last, _) = self.choices.select_nth_unstable_by_key(last, Choice::place);
            self.bar = last.place();
            self.choices.truncate(self.wanted);
        }
    }

    /// The first `wanted`, in order, and the target.
    fn finish(mut self) -> (Vec<Choice<'a>>, Option<Choice<'a>>) {
        self.keep_first();
        self.choices.sort_unstable_by_key(Choice::place);
        (self.choices, self.target)
    }
}
