//! From candidates to an order.

use crate::best::{Best, Draw, RankedRow};
use crate::candidates::Grouped;
use crate::rank::{Order, Ranking, Ties};
use crate::{Candidates, Choice, Client, Group, Mirror, Selection};

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

    let mut choices = Vec::new();
    let mut target = None;
    for group in Group::ALL {
        let room = wanted.saturating_sub(choices.len());
        if room == 0 {
            break;
        }
        let count = usable.count(group);
        if count == 0 {
            continue;
        }
        let choice = |place: RankedRow| {
            let (mirror, in_country) = usable.get(place.row)?;
            Some(Choice {
                mirror,
                client,
                group,
                in_country,
            })
        };
        let ranking = Ranking::new(client.coordinates, order, count);
        let mut best = Best::new(room.min(count as usize));
        let mut draw = Draw::default();
        let draws = choices.is_empty() && order.ties == Ties::Listed;
        usable.each(group, |row, location| {
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
        target = target.or_else(|| draw.drawn().and_then(choice));
        let places = best.finish();
        choices.reserve(places.len());
        choices.extend(places.into_iter().filter_map(choice));
    }
    Selection {
        target: target.or_else(|| choices.first().copied()),
        choices,
        uses_fallbacks,
    }
}
