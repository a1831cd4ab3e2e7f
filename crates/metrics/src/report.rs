//! The numbers of all children at one moment.

use crate::area::Area;
use crate::board::Board;
use crate::family::{Family, Kind, Sample};
use crate::histogram::{BOUNDS, Step};
use crate::layout::Layout;
use crate::list::{Child, Database, Metric};
use crate::mirrors::Counts;
use crate::{html, text};

/// Mirrors that are shown.
const TOP: usize = 20;

/// What the numbers do not tell.
#[derive(Default)]
pub struct Facts<'f> {
    /// Name and version of the module.
    pub version: &'f str,
    /// Milliseconds since 1970.
    pub now: u64,
    /// The servers of each database.
    pub servers: Vec<Vec<String>>,
    /// The identifier of a mirror of a database.
    pub mirror_name: Option<&'f dyn Fn(usize, i64) -> Option<String>>,
    /// mod_asn's table.
    pub networks: Option<Networks>,
}

/// What mod_asn knows of networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Networks {
    /// Ranges in its table.
    pub ranges: u64,
    /// Seconds since it was read.
    pub age: u64,
}

/// How numbers are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A page.
    Html,
    /// An object of arrays.
    Json,
    /// Prometheus' text format 0.0.4.
    Prometheus,
}

impl Format {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// All numbers.
pub struct Report {
    version: String,
    families: Vec<Family>,
}

impl Report {
    pub(crate) fn new(board: &Board, facts: &Facts<'_>) -> Self {
        let slots: Vec<(Area, bool)> = board.slots().collect();
        let sums = Sums {
            board,
            facts,
            slots,
        };
        let mut families = vec![sums.children()];
        sums.numbers(
            &mut families,
            Child::ALL,
            &[(Vec::new(), board.layout.child())],
        );
        let databases: Vec<_> = sums.databases();
        sums.numbers(&mut families, Database::ALL, &databases);
        families.push(sums.times());
        families.push(sums.mirrors());
        families.extend(facts.networks.into_iter().flat_map(networks));
        Self {
            version: facts.version.to_owned(),
            families,
        }
    }

    /// The numbers, in the order in which they are shown.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// As text.
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Html => html::page(&self.version, &self.families),
            Format::Json => text::json(&self.version, &self.families),
            Format::Prometheus => text::prometheus(&self.families),
        }
    }

    /// As a part of mod_status' page; `short` is that for programs (`?auto`).
    pub fn mod_status(&self, short: bool) -> String {
        if short {
            text::auto(&self.families)
        } else {
            html::part(&self.families)
        }
    }
}

struct Sums<'a> {
    board: &'a Board,
    facts: &'a Facts<'a>,
    slots: Vec<(Area, bool)>,
}

type Labels = Vec<(&'static str, String)>;

impl Sums<'_> {
    fn children(&self) -> Family {
        let count = self.slots.iter().filter(|(_, alive)| *alive).count();
        gauge("mirrorbrain_children", "Children that live.", count as f64)
    }

    /// The labels of each database, and where its numbers are.
    fn databases(&self) -> Vec<(Labels, usize)> {
        let names = self.board.databases.iter().enumerate();
        names
            .map(|(database, name)| {
                let labels = vec![("database", name.clone())];
                (labels, self.board.layout.database(database))
            })
            .collect()
    }

    /// A word of each child that counts for this kind of number.
    fn words(&self, kind: Kind, index: usize) -> impl Iterator<Item = u64> {
        let counts = move |alive: bool| alive || matches!(kind, Kind::Counter | Kind::Histogram);
        let slots = self.slots.iter().filter(move |(_, alive)| counts(*alive));
        slots.map(move |(area, _)| area.get(index))
    }

    fn numbers(&self, families: &mut Vec<Family>, list: &[Metric], of: &[(Labels, usize)]) {
        for (offset, metric) in list.iter().enumerate() {
            let samples = of.iter().enumerate().flat_map(|(number, (labels, start))| {
                let labels = labels.iter().cloned();
                let own = metric
                    .labels
                    .iter()
                    .map(|(key, value)| (*key, (*value).to_owned()));
                self.samples(
                    metric.kind,
                    number,
                    labels.chain(own).collect(),
                    start + offset,
                )
            });
            let samples: Vec<Sample> = samples.collect();
            match families
                .iter_mut()
                .find(|family| family.name == metric.name)
            {
                Some(family) => family.samples.extend(samples),
                None => families.push(Family {
                    name: metric.name.to_owned(),
                    kind: metric.kind,
                    help: metric.help.to_owned(),
                    samples,
                }),
            }
        }
    }

    fn samples(&self, kind: Kind, database: usize, labels: Labels, index: usize) -> Vec<Sample> {
        let words = self.words(kind, index);
        let value = match kind {
            Kind::Counter | Kind::Gauge | Kind::Histogram => words.sum::<u64>() as f64,
            Kind::Largest => words.max().unwrap_or(0) as f64,
            Kind::Oldest => {
                let Some(oldest) = words.filter(|moment| *moment != 0).min() else {
                    return Vec::new();
                };
                self.facts.now.saturating_sub(oldest) as f64 / 1000.0
            }
            Kind::Which => {
                let words: Vec<u64> = words.collect();
                let names = self.facts.servers.get(database).into_iter().flatten();
                return names
                    .zip(1..)
                    .map(|(name, number)| {
                        let children = words.iter().filter(|word| **word == number).count();
                        let mut labels = labels.clone();
                        labels.push(("server", name.clone()));
                        Sample::new(labels, children as f64)
                    })
                    .collect();
            }
        };
        vec![Sample::new(labels, value)]
    }

    /// Histograms in Prometheus' way: classes include all smaller ones.
    fn times(&self) -> Family {
        let mut samples = Vec::new();
        for (labels, start) in self.databases() {
            for (number, step) in Step::ALL.iter().enumerate() {
                let start = start + Layout::step(number);
                let sum = |word| self.words(Kind::Histogram, start + word).sum::<u64>() as f64;
                let mut labels = labels.clone();
                labels.push(("step", step.name().to_owned()));
                let mut sample = |suffix, bound: Option<String>, value| {
                    let mut labels = labels.clone();
                    labels.extend(bound.map(|bound| ("le", bound)));
                    samples.push(Sample {
                        suffix,
                        labels,
                        value,
                    });
                };
                let mut count = 0.0;
                for (class, bound) in BOUNDS.iter().enumerate() {
                    count += sum(class);
                    sample("_bucket", Some(bound.to_string()), count);
                }
                count += sum(BOUNDS.len());
                sample("_bucket", Some("+Inf".to_owned()), count);
                sample("_sum", None, sum(BOUNDS.len() + 1) / 1_000_000.0);
                sample("_count", None, count);
            }
        }
        Family {
            name: "mirrorbrain_database_seconds".to_owned(),
            kind: Kind::Histogram,
            help: "Time that the database took, by step.".to_owned(),
            samples,
        }
    }

    fn mirrors(&self) -> Family {
        let mut counts = Counts::default();
        for (area, _) in &self.slots {
            let start = self.board.layout.mirrors();
            counts.add(&area.part(start, crate::mirrors::WORDS));
        }
        let top = counts.top();
        let rest: u64 = top.iter().skip(TOP).map(|(_, _, count)| count).sum();
        let mut samples: Vec<Sample> = top
            .into_iter()
            .take(TOP)
            .map(|(database, id, count)| {
                let name = self.facts.mirror_name.and_then(|name| name(database, id));
                let mirror = name.unwrap_or_else(|| id.to_string());
                let database = self.board.databases.get(database).cloned();
                let labels = vec![
                    ("database", database.unwrap_or_default()),
                    ("mirror", mirror),
                ];
                Sample::new(labels, count as f64)
            })
            .collect();
        if rest + counts.others > 0 {
            let labels = vec![("database", String::new()), ("mirror", "others".to_owned())];
            samples.push(Sample::new(labels, (rest + counts.others) as f64));
        }
        Family {
            name: "mirrorbrain_mirror_redirects_total".to_owned(),
            kind: Kind::Counter,
            help: "Redirects by mirror: the most popular ones.".to_owned(),
            samples,
        }
    }
}

fn networks(networks: Networks) -> [Family; 2] {
    [
        gauge(
            "mirrorbrain_networks",
            "Ranges in mod_asn's table of networks (pfx2asn).",
            networks.ranges as f64,
        ),
        gauge(
            "mirrorbrain_networks_age_seconds",
            "Seconds since that table was read.",
            networks.age as f64,
        ),
    ]
}

fn gauge(name: &str, help: &str, value: f64) -> Family {
    Family {
        name: name.to_owned(),
        kind: Kind::Gauge,
        help: help.to_owned(),
        samples: vec![Sample::new(Vec::new(), value)],
    }
}
