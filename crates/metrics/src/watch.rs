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

/// A period after which counting begins anew, and the shortest time between two warnings.
const MINUTE: u64 = 60;

/// Fewer tell nothing.
const ENOUGH: u64 = 20;

/// How much went wrong in the last minute at most.
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
    let said = area.get(SAID);
    if said != 0 && now.saturating_sub(said) < MINUTE {
        return None;
    }
    let since = area.get(SINCE);
    let (wrong, all) = numbers();
    let finding = Finding {
        wrong: wrong.saturating_sub(area.get(WRONG)),
        all: all.saturating_sub(area.get(ALL)),
        seconds: now.saturating_sub(since),
    };
    let is_old = finding.seconds >= MINUTE;
    let is_due = since != 0 && finding.all >= ENOUGH && finding.wrong * 2 > finding.all;
    // One of those who find it begins the next period, and speaks.
    if !(is_old || is_due) || !area.replace(SINCE, since, now) {
        return None;
    }
    area.set(WRONG, wrong);
    area.set(ALL, all);
    (is_due && area.replace(SAID, said, now)).then_some(finding)
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
    fn more_than_half_of_enough_is_said_once_a_minute() {
        let area = Area::private(WORDS);
        let look = |now, wrong, all| look(&area, now, || (wrong, all));
        // Of what was before the first look nothing is known.
        assert_eq!(look(100, 0, 0), None);
        assert_eq!(look(101, 19, 19), None, "too few");
        assert_eq!(look(102, 10, 20), None, "only half");
        let first = look(110, 19, 30);
        assert_eq!(
            first,
            Some(Finding {
                wrong: 19,
                all: 30,
                seconds: 10
            })
        );
        assert_eq!(look(111, 119, 130), None, "said a moment ago");
        let second = look(170, 219, 230);
        assert_eq!(second.map(|f| (f.wrong, f.all)), Some((200, 200)));
        // What went well since counts as well.
        assert_eq!(look(240, 229, 10_230), None);
        assert_eq!(look(241, 249, 10_250).map(|f| f.wrong), Some(20));
    }

    #[test]
    fn what_is_wrong_anyway_is_said_once_a_minute() {
        let area = Area::private(WORDS);
        let said: Vec<u64> = (0..200).filter(|now| say(&area, *now)).collect();
        assert_eq!(said, [0, 61, 121, 181]);
    }
}
