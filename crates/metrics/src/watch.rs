//! Notices when most answers are not what a site is for, and says so once for all children.

use crate::area::Area;

/// What may go wrong without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Most files are given because no mirror may be used.
    NoMirror,
    /// Most look-ups get no answer in time, or are not made at all.
    NoAnswer,
    /// An engine has no database.
    NoDatabase,
}

pub(crate) const CONCERNS: usize = 3;

/// Words of a concern: when the period began, the numbers then, and when something was said.
pub(crate) const WORDS: usize = 4;
const SINCE: usize = 0;
const WRONG: usize = 1;
const ALL: usize = 2;
const SAID: usize = 3;

/// The shortest period that is judged, since the first files of a site tell nothing, and the shortest
/// time between two warnings.
const MINUTE: u64 = 60;

/// Fewer tell nothing.
const ENOUGH: u64 = 20;

/// How much went wrong in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How many went wrong.
    pub wrong: u64,
    /// Of how many.
    pub all: u64,
    /// In so many seconds.
    pub seconds: u64,
}

/// Whether it is time to warn, at `now` in seconds, `numbers` being how many went wrong and how many
/// there were, both since the start. More than half is too much.
pub(crate) fn look(area: &Area, now: u64, numbers: impl FnOnce() -> (u64, u64)) -> Option<Finding> {
    let now = now.max(1);
    let since = area.get(SINCE);
    if since != 0 && now.saturating_sub(since) < MINUTE {
        return None;
    }
    let (wrong, all) = numbers();
    let finding = Finding {
        wrong: wrong.saturating_sub(area.get(WRONG)),
        all: all.saturating_sub(area.get(ALL)),
        seconds: now.saturating_sub(since),
    };
    let is_enough = since == 0 || finding.all >= ENOUGH;
    // One of those who find it begins the next period, and speaks.
    if !is_enough || !area.replace(SINCE, since, now) {
        return None;
    }
    area.set(WRONG, wrong);
    area.set(ALL, all);
    (since != 0 && finding.wrong * 2 > finding.all).then_some(finding)
}

/// Whether it is time to say something that is wrong anyway.
pub(crate) fn say(area: &Area, now: u64) -> bool {
    let (now, said) = (now.max(1), area.get(SAID));
    (said == 0 || now.saturating_sub(said) >= MINUTE) && area.replace(SAID, said, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_half_of_enough_is_said_after_a_minute_and_each_minute() {
        let area = Area::private(WORDS);
        let look = |now, wrong, all| {
            look(&area, now, || (wrong, all)).map(|f| (f.wrong, f.all, f.seconds))
        };
        // Of what was before the first look nothing is known.
        assert_eq!(look(100, 500, 500), None);
        assert_eq!(look(159, 559, 559), None, "too soon");
        assert_eq!(look(160, 519, 519), None, "too few");
        assert_eq!(look(165, 519, 530), Some((19, 30, 65)));
        assert_eq!(look(224, 719, 730), None, "said a moment ago");
        assert_eq!(look(225, 719, 730), Some((200, 200, 60)));
        // What went well since counts as well, and begins another minute.
        assert_eq!(look(300, 729, 10_730), None);
        assert_eq!(look(301, 749, 10_750), None);
        assert_eq!(look(360, 749, 10_770), None, "only half");
        // A clock that was set back.
        assert_eq!(look(10, 849, 10_870), None);
    }

    #[test]
    fn what_is_wrong_anyway_is_said_once_a_minute() {
        let area = Area::private(WORDS);
        let said: Vec<u64> = (0..200).filter(|now| say(&area, *now)).collect();
        assert_eq!(said, [0, 61, 121, 181]);
    }
}
