//! The numbers of all children.

use crate::area::{Area, Words};
use crate::family::Kind;
use crate::histogram::{self, Step};
use crate::layout::{Layout, length};
use crate::list::{Child, Database, Metric};
use crate::mirrors;
use crate::report::{Facts, Report};
use crate::watch::{self, Concern, Finding};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The shared words, and the names of the databases that they are about.
#[derive(Clone)]
pub struct Board {
    pub(crate) area: Area,
    pub(crate) layout: Layout,
    pub(crate) databases: Arc<[String]>,
}

/// One child's numbers.
#[derive(Clone)]
pub struct Slot {
    board: Board,
    area: Area,
    mirrors: Area,
}

/// The word of a slot that says which process it belongs to.
const OWNER: usize = 0;

/// Of a child as a whole.
#[derive(Clone)]
pub struct ChildNumbers(Area);

/// Of one database in one child.
#[derive(Clone)]
pub struct DatabaseNumbers {
    own: Area,
    announced: Area,
}

impl Board {
    /// For so many children at a time, by words of which there are [`length`].
    pub fn new(words: Arc<dyn Words>, slots: usize, databases: &[String]) -> Self {
        let layout = Layout {
            slots,
            databases: databases.len(),
        };
        Self {
            area: Area::new(words),
            layout,
            databases: databases.into(),
        }
    }

    /// Numbers of this process alone.
    pub fn private(databases: &[String]) -> Self {
        let words: Box<[_]> = (0..length(1, databases.len()))
            .map(|_| Default::default())
            .collect();
        Self::new(Arc::new(words), 1, databases)
    }

    /// A slot for this process: one that nobody has, or whose owner has ended. Without a free one it
    /// is shared with others, and only what describes the present state is wrong.
    pub fn slot(&self) -> Slot {
        let process = u64::from(std::process::id());
        let free = (0..self.layout.slots)
            .map(|slot| self.at(slot))
            .find(|area| {
                let owner = area.get(OWNER);
                !is_alive(owner) && area.replace(OWNER, owner, process)
            });
        let area = free.unwrap_or_else(|| self.at(process as usize % self.layout.slots.max(1)));
        let slot = Slot {
            board: self.clone(),
            mirrors: area.part(self.layout.mirrors(), mirrors::WORDS),
            area,
        };
        if slot.area.get(OWNER) == process {
            slot.forget_the_present();
        }
        slot
    }

    fn at(&self, slot: usize) -> Area {
        self.area
            .part(self.layout.slot(slot), self.layout.slot_length())
    }

    /// All slots, and whether their owners live.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (Area, bool)> {
        (0..self.layout.slots).map(|slot| {
            let area = self.at(slot);
            let alive = is_alive(area.get(OWNER));
            (area, alive)
        })
    }

    /// The sum of a number of children.
    pub fn child(&self, number: Child) -> u64 {
        let parts = self.slots().map(|(area, alive)| {
            let word = area.get(self.layout.child() + number as usize);
            let counts = alive || Child::ALL.get(number as usize).is_some_and(is_counter);
            if counts { word } else { 0 }
        });
        parts.sum()
    }

    /// The sum of a number of all databases.
    pub fn database(&self, number: Database) -> u64 {
        let of = |area: &Area, database| area.get(self.layout.database(database) + number as usize);
        self.slots()
            .map(|(area, _)| {
                (0..self.layout.databases)
                    .map(|d| of(&area, d))
                    .sum::<u64>()
            })
            .sum()
    }

    /// Whether to warn now, at `now` seconds: more than half of `all` of at least 20 went `wrong` within
    /// a minute, and nobody has said so in the last minute.
    pub fn look(
        &self,
        concern: Concern,
        now: u64,
        numbers: impl FnOnce(&Self) -> (u64, u64),
    ) -> Option<Finding> {
        watch::look(&self.concern(concern), now, || numbers(self))
    }

    /// Whether to warn now, and nobody has in the last minute.
    pub fn say(&self, concern: Concern, now: u64) -> bool {
        watch::say(&self.concern(concern), now)
    }

    fn concern(&self, concern: Concern) -> Area {
        self.area
            .part(self.layout.concern(concern as usize), watch::WORDS)
    }

    /// All numbers at this moment.
    pub fn report(&self, facts: &Facts) -> Report {
        Report::new(self, facts)
    }
}

pub(crate) fn is_counter(metric: &Metric) -> bool {
    metric.kind == Kind::Counter
}

/// Whether there is such a process. 0 is none.
fn is_alive(process: u64) -> bool {
    process != 0 && Path::new("/proc").join(process.to_string()).exists()
}

impl Slot {
    /// The child's own numbers.
    pub fn child(&self) -> ChildNumbers {
        let start = self.board.layout.child();
        ChildNumbers(self.area.part(start, Child::ALL.len()))
    }

    /// The numbers of the database with this index among those of the board.
    pub fn database(&self, database: usize) -> DatabaseNumbers {
        let layout = self.board.layout;
        let start = layout.database(database);
        let length = layout.database(database + 1) - start;
        let beyond = database >= layout.databases;
        let announced = self
            .board
            .area
            .part(layout.announced(database), crate::layout::ANNOUNCED);
        DatabaseNumbers {
            own: self.area.part(start, if beyond { 0 } else { length }),
            announced: announced.part(0, if beyond { 0 } else { announced.len() }),
        }
    }

    /// Counts a redirect to a mirror.
    pub fn count_mirror(&self, database: usize, id: i64) {
        mirrors::count(&self.mirrors, database, id);
    }

    /// The numbers of all children.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// How many requests of the other children wait for a database.
    pub fn others_waiting(&self) -> u64 {
        let word = self.board.layout.child() + Child::Waiting as usize;
        let all = self.board.slots().filter(|(_, alive)| *alive);
        let all: u64 = all.map(|(area, _)| area.get(word)).sum();
        all.saturating_sub(self.area.get(word))
    }

    /// What described the slot's last owner.
    fn forget_the_present(&self) {
        let layout = self.board.layout;
        let forget = |start: usize, metrics: &[Metric]| {
            for (index, _) in metrics.iter().enumerate().filter(|(_, m)| !is_counter(m)) {
                self.area.set(start + index, 0);
            }
        };
        forget(layout.child(), Child::ALL);
        for database in 0..layout.databases {
            forget(layout.database(database), Database::ALL);
        }
    }
}

impl ChildNumbers {
    /// Counts one.
    pub fn count(&self, number: Child) {
        self.0.add(number as usize, 1);
    }

    /// What describes the present state.
    pub fn set(&self, number: Child, value: usize) {
        self.0.set(number as usize, value as u64);
    }
}

impl DatabaseNumbers {
    /// Numbers that nobody asks for.
    pub fn unseen() -> Self {
        let board = Board::private(&[String::new()]);
        board.slot().database(0)
    }

    /// Counts one.
    pub fn count(&self, number: Database) {
        self.own.add(number as usize, 1);
    }

    /// What describes the present state, or a counter that somebody else counts.
    pub fn set(&self, number: Database, value: u64) {
        self.own.set(number as usize, value);
    }

    /// Adds to a counter.
    pub fn add(&self, number: Database, amount: u64) {
        self.own.add(number as usize, amount);
    }

    /// How long a step took.
    pub fn record(&self, step: Step, took: Duration) {
        let start = Layout::step(step as usize);
        histogram::record(&self.own.part(start, histogram::WORDS), took);
    }

    /// Whether to say, for all children, that there is a connection to this `server`, at `now`
    /// seconds: another one than said last, or a minute has gone by.
    pub fn announce(&self, server: u64, now: u64) -> bool {
        const SERVER: usize = 0;
        const SAID: usize = 1;
        let (known, said) = (self.announced.get(SERVER), self.announced.get(SAID));
        if known == server + 1 && now.saturating_sub(said) < 60 {
            return false;
        }
        let first = self.announced.replace(SAID, said, now.max(said + 1));
        if first {
            self.announced.set(SERVER, server + 1);
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Format;

    fn board(slots: usize) -> Board {
        let names = ["one".to_owned(), "two \"2\"".to_owned()];
        let words: Box<[_]> = (0..length(slots, 2)).map(|_| Default::default()).collect();
        Board::new(Arc::new(words), slots, &names)
    }

    fn value(text: &str, line: &str) -> Option<f64> {
        let found = text.lines().find(|text| text.starts_with(line))?;
        found.rsplit(' ').next()?.parse().ok()
    }

    #[test]
    fn counters_outlive_a_child_and_what_it_is_does_not() {
        let board = board(2);
        let slot = board.slot();
        let database = slot.database(1);
        slot.child().count(Child::RedirectMirror);
        slot.child().set(Child::Waiting, 3);
        database.add(Database::Hits, 7);
        database.set(Database::Bytes, 1000);
        database.set(Database::Checked, 5_000);
        database.set(Database::Server, 2);
        database.record(Step::Files, Duration::from_millis(3));
        slot.count_mirror(1, 4);
        let facts = Facts {
            now: 12_500,
            servers: vec![vec![], vec!["a:1".to_owned(), "b:2".to_owned()]],
            mirror_name: Some(&|_, id| Some(format!("mirror{id}"))),
            ..Facts::default()
        };
        let text = board.report(&facts).render(Format::Prometheus);
        let of = |name: &str| value(&text, &format!("mirrorbrain_{name}"));
        assert_eq!(of("children"), Some(1.0));
        assert_eq!(of("workers_waiting "), Some(3.0));
        let two = "database=\"two \\\"2\\\"\"";
        assert_eq!(of(&format!("cache_bytes{{{two}")), Some(1000.0));
        assert_eq!(of(&format!("mirrors_checked_seconds{{{two}")), Some(7.5));
        assert_eq!(of("mirrors_checked_seconds{database=\"one\""), None);
        let server = |name| of(&format!("database_server{{{two},server=\"{name}\"}}"));
        assert_eq!((server("a:1"), server("b:2")), (Some(0.0), Some(1.0)));
        let times = |le| {
            of(&format!(
                "database_seconds_bucket{{{two},step=\"files\",le=\"{le}\"}}"
            ))
        };
        assert_eq!(
            (times("0.001"), times("0.005"), times("+Inf")),
            (Some(0.0), Some(1.0), Some(1.0))
        );
        let mirror = format!("mirror_redirects_total{{{two},mirror=\"mirror4\"}}");
        assert_eq!(of(&mirror), Some(1.0));
        // No process has this number.
        slot.area.set(OWNER, u64::from(u32::MAX));
        let text = board.report(&facts).render(Format::Prometheus);
        let of = |name: &str| value(&text, &format!("mirrorbrain_{name}"));
        assert_eq!(of("children"), Some(0.0));
        assert_eq!(of("workers_waiting "), Some(0.0));
        assert_eq!(
            of(&format!("lookups_total{{{two},from=\"memory\"}}")),
            Some(7.0)
        );
        // Who comes next goes on from there.
        board.slot().database(1).count(Database::Hits);
        assert_eq!(board.database(Database::Hits), 8);
        assert_eq!(board.child(Child::Waiting), 0);
    }

    #[test]
    fn what_is_said_for_all_children_is_said_by_one_of_them() {
        let board = board(2);
        let (one, other) = (board.slot().database(0), board.slot().database(0));
        assert!(one.announce(0, 100));
        assert!(!other.announce(0, 101));
        assert!(other.announce(1, 102), "another server");
        assert!(!one.announce(1, 161));
        assert!(one.announce(1, 162), "a minute later");
        assert!(
            board.slot().database(1).announce(1, 162),
            "another database"
        );
    }

    #[test]
    fn numbers_are_valid_json_and_lines() {
        let board = board(1);
        board.slot().count_mirror(0, 1);
        let report = board.report(&Facts::default());
        let json: serde_json::Value = serde_json::from_str(&report.render(Format::Json)).unwrap();
        let redirects = &json["mirrorbrain_mirror_redirects_total"][0];
        assert_eq!(redirects["value"], 1);
        assert_eq!(redirects["mirror"], "1");
        for line in report.mod_status(true).lines() {
            let (name, value) = line.split_once(": ").unwrap();
            assert!(
                !name.contains(' ') && value.parse::<f64>().is_ok(),
                "{line}"
            );
        }
        assert!(report.render(Format::Html).contains("two &quot;2&quot;"));
    }
}
