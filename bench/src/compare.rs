//! The comparison: all series in turn, many short slices, medians.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use tests::http::Response;
use tests::httpd::Httpd;

use crate::dataset::{self, Size};
use crate::load::{Mix, Target, Zipf};
use crate::report::{self, Line};
use crate::servers::Kind;
use crate::site::{self, Site};
use crate::usage;

/// Files that are asked for again and again in a hot series.
pub const WORKING_SET: u32 = 5_000;

/// How long and how often is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Slices of each series.
    pub rounds: usize,
    /// Connections that ask at the same time.
    pub connections: usize,
    /// The measured part of a slice.
    pub slice: Duration,
}

/// Before the measured part of a slice.
const WARM_UP: Duration = Duration::from_millis(300);

/// One line of the table: a server and what it is asked.
struct Series {
    name: &'static str,
    kind: Kind,
    target: Target,
    slices: Vec<Slice>,
}

/// What one slice showed.
#[derive(Debug, Clone, Copy)]
struct Slice {
    rate: f64,
    p50: f64,
    p99: f64,
    cpu: f64,
}

/// Boots everything, measures, and prints the table. `only` picks series by a part of their name;
/// the limit is always there.
pub fn run(effort: Effort, only: &[String]) {
    let cluster = site::start_cluster();
    eprintln!(
        "making the site: {} mirrors, {} files",
        Size::STANDARD.mirrors,
        Size::STANDARD.paths
    );
    let site = Site::new(&cluster, Size::STANDARD, Size::STANDARD.paths);
    let mut servers = Servers::start(&site);
    let mut series = all(&mut servers, only);
    warm_up(&series);
    for round in 1..=effort.rounds {
        eprintln!("round {round} of {}", effort.rounds);
        for one in &mut series {
            let httpd = servers.get(one.kind);
            one.measure(httpd, effort);
        }
    }
    let lines: Vec<Line> = series
        .iter()
        .map(|one| one.line(servers.get(one.kind)))
        .collect();
    print!("{}", report::table(&lines));
}

/// Fills the caches: each file of the working set once, on each server that has a cache.
fn warm_up(series: &[Series]) {
    let mut warm = HashSet::new();
    for one in series {
        if one.kind.has_cache() && warm.insert(one.kind) {
            let files = (0..WORKING_SET).map(dataset::path);
            one.target.send(files).expect("warm cache");
        }
    }
}

/// The servers that have been needed so far.
struct Servers<'s> {
    site: &'s Site<'s>,
    sample: Response,
    running: HashMap<Kind, Httpd>,
}

impl<'s> Servers<'s> {
    fn start(site: &'s Site<'s>) -> Self {
        let ours = Kind::GeoAsn.builder(site, None).start();
        let sample = ours.get(&format!("/{}", dataset::path(0)));
        assert_eq!(sample.status, 302, "{sample:?}\n{}", ours.log());
        Self {
            site,
            sample,
            running: HashMap::from([(Kind::GeoAsn, ours)]),
        }
    }

    /// Whether httpd takes the configuration; the series is left out otherwise, and why is said.
    fn can_run(&self, kind: Kind) -> bool {
        let checked = kind.builder(self.site, Some(&self.sample)).check();
        if let Err(text) = &checked {
            eprintln!("{kind:?} is left out: {text}");
        }
        checked.is_ok()
    }

    fn get(&mut self, kind: Kind) -> &Httpd {
        let (site, sample) = (self.site, &self.sample);
        self.running
            .entry(kind)
            .or_insert_with(|| kind.builder(site, Some(sample)).start())
    }
}

fn all(servers: &mut Servers<'_>, only: &[String]) -> Vec<Series> {
    let paths = Size::STANDARD.paths;
    let hot = || Mix::Uniform(WORKING_SET);
    let cold = || Mix::Distinct(AtomicU32::new(WORKING_SET), paths);
    let zipf = || Mix::Zipf(Zipf::new(paths));
    let directories = || Mix::Directories(dataset::directories(paths));
    let list: [(&'static str, Kind, Mix, &'static str, u16); 16] = [
        (report::LIMIT, Kind::Limit, hot(), "", 302),
        ("bare Redirect", Kind::Bare, hot(), "", 302),
        ("hot", Kind::Mirrorbrain, hot(), "", 302),
        ("hot, mod_asn", Kind::Asn, hot(), "", 302),
        ("hot, mmdb", Kind::Geo, hot(), "", 302),
        ("hot, mmdb, mod_asn", Kind::GeoAsn, hot(), "", 302),
        ("Zipf, mmdb, mod_asn", Kind::GeoAsn, zipf(), "", 302),
        ("cold, mmdb, mod_asn", Kind::GeoAsn, cold(), "", 302),
        ("limit, every path distinct", Kind::Limit, cold(), "", 302),
        ("TTL 0, mmdb, mod_asn", Kind::Uncached, hot(), "", 302),
        ("TTL 0, own wide query", Kind::WideQuery, hot(), "", 302),
        ("meta4", Kind::GeoAsn, hot(), ".meta4", 200),
        ("mirror list", Kind::GeoAsn, hot(), ".mirrorlist", 200),
        (".sha256", Kind::GeoAsn, hot(), ".sha256", 200),
        ("mod_autoindex", Kind::Autoindex, directories(), "", 200),
        (
            "mod_autoindex_mb",
            Kind::AutoindexMb,
            directories(),
            "",
            200,
        ),
    ];
    let mut series = Vec::new();
    for (name, kind, mix, suffix, status) in list {
        let wanted =
            only.is_empty() || name == report::LIMIT || only.iter().any(|o| name.contains(o));
        if !wanted || !servers.can_run(kind) {
            continue;
        }
        let address = servers.get(kind).address();
        series.push(Series {
            name,
            kind,
            target: Target {
                address,
                mix,
                suffix,
                status,
            },
            slices: Vec::new(),
        });
    }
    series
}

impl Series {
    fn measure(&mut self, httpd: &Httpd, effort: Effort) {
        let mut cpu = Vec::new();
        let outcome = self
            .target
            .load(effort.connections, WARM_UP, effort.slice, || {
                cpu.push(usage::cpu_seconds(httpd));
            })
            .unwrap_or_else(|problem| panic!("{}: {problem}\n{}", self.name, httpd.log()));
        let count = outcome.latencies.len() as f64;
        let used = cpu
            .last()
            .zip(cpu.first())
            .map_or(0.0, |(end, begin)| end - begin);
        let quantile = |q| outcome.latencies.value_at_quantile(q) as f64 / 1e9;
        self.slices.push(Slice {
            rate: count / outcome.elapsed.as_secs_f64(),
            p50: quantile(0.5),
            p99: quantile(0.99),
            cpu: used / count.max(1.0),
        });
    }

    fn line(&self, httpd: &Httpd) -> Line {
        let of = |value: fn(&Slice) -> f64| median(self.slices.iter().map(value).collect());
        Line {
            name: self.name,
            rate: of(|slice| slice.rate),
            p50: of(|slice| slice.p50),
            p99: of(|slice| slice.p99),
            cpu: of(|slice| slice.cpu),
            pss: usage::child_pss(httpd),
        }
    }
}

/// The middle value, or the mean of the two in the middle; 0 of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied().unwrap_or_default();
    let lower = values
        .get(values.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or_default();
    f64::midpoint(lower, upper)
}
