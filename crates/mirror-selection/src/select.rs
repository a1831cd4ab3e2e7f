//! From candidates to an order.

use crate::best::{Best, Draw, RankedRow};
use crate::candidates::Grouped;
use crate::rank::{Order, Ranking, Ties};
use crate::spread::{Rates, SpreadClient};
use crate::{Candidates, Choice, Client, Group, Mirror, Selection, Weight};

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
/// `candidates` are the mirrors that have the file, of `file_size` bytes; where all else is equal,
/// their order decides, or lots by score: `order` says which, and how far things are. `fallbacks` are used if no candidate is usable. `random` gives
/// numbers that are uniform over all of `u64`; it is asked where the client's place is unknown,
/// and to draw among equals.
pub fn select<'a>(
    candidates: impl Into<Candidates<'a>>,
    fallbacks: &'a [Mirror],
    client: &'a Client,
    file_size: u64,
    order: impl Into<Order>,
    random: &mut impl FnMut() -> u64,
    extent: Extent,
) -> Selection<'a> {
    let wanted = match extent {
        Extent::All => usize::MAX,
        Extent::Top(count) => count.max(1),
    };
    let order = order.into();
    let usable = Grouped::new(candidates.into(), client, file_size);
    let uses_fallbacks = !fallbacks.is_empty() && usable.is_empty();
    let usable_fallbacks;
    let usable = if uses_fallbacks {
        usable_fallbacks = Grouped::new(Candidates::Rows(fallbacks), client, file_size);
        &usable_fallbacks
    } else {
        &usable
    };

    // Fallbacks have neither place nor id: their order is the configured one.
    let spread = SpreadClient::new(client, order.spread, order.file).filter(|_| !uses_fallbacks);
    let mut ordered = Ordered {
        usable,
        client,
        order,
        choices: Vec::new(),
        target: None,
    };
    for group in Group::ALL {
        let room = wanted.saturating_sub(ordered.choices.len());
        if room == 0 {
            break;
        }
        let count = usable.count(group);
        if count == 0 {
            continue;
        }
        match spread {
            None => ordered.add_nearest(group, count, room, random),
            Some(spread) => ordered.add_spread(group, count, room, spread, random),
        }
    }
    let Ordered {
        choices, target, ..
    } = ordered;
    Selection {
        target: target.or_else(|| choices.first().copied()),
        choices,
        uses_fallbacks,
    }
}

/// A selection in the making.
struct Ordered<'a, 'g> {
    usable: &'g Grouped<'a>,
    client: &'a Client,
    order: Order,
    choices: Vec<Choice<'a>>,
    /// One of those that tie with the first, where that is drawn.
    target: Option<Choice<'a>>,
}

impl<'a> Ordered<'a, '_> {
    /// Appends the first `room` of a group of `count`, by distance.
    fn add_nearest(
        &mut self,
        group: Group,
        count: u32,
        room: usize,
        random: &mut impl FnMut() -> u64,
    ) {
        let ranking = Ranking::new(self.client.coordinates, self.order, count);
        let mut best = Best::new(room.min(count as usize));
        let mut draw = Draw::default();
        let draws = self.choices.is_empty() && self.order.ties == Ties::Listed;
        self.usable.each(group, |row, location| {
            let Some(key) = ranking.key(location, best.bar(), random) else {
                return;
            };
            let lot = ranking.lot(location, random);
            let place = RankedRow { key, lot, row };
            if draws {
                draw.add(place, location.score, random);
            }
            best.add(place);
        });
        let drawn = draw.drawn();
        self.target = self.target.or_else(|| self.choice(group, drawn?, None));
        self.append(group, &best.finish(), |_| None);
    }

    /// Appends the first `room` of a group of `count`, each as often as its rate says.
    fn add_spread(
        &mut self,
        group: Group,
        count: u32,
        room: usize,
        spread: SpreadClient,
        random: &mut impl FnMut() -> u64,
    ) {
        let mut rates = Rates::new(spread, count);
        self.usable
            .each_by_id(group, |row, mirror| rates.add(row, mirror));
        let places = rates.best(room.min(count as usize), random);
        self.append(group, &places, |place| rates.weight(place.lot));
    }

    fn append(
        &mut self,
        group: Group,
        places: &[RankedRow],
        weight: impl Fn(&RankedRow) -> Option<Weight>,
    ) {
        self.choices.reserve(places.len());
        for place in places {
            let choice = self.choice(group, *place, weight(place));
            self.choices.extend(choice);
        }
    }

    fn choice(&self, group: Group, place: RankedRow, weight: Option<Weight>) -> Option<Choice<'a>> {
        let (mirror, in_country) = self.usable.get(place.row)?;
        Some(Choice {
            mirror,
            client: self.client,
            group,
            in_country,
            weight,
        })
    }
}
