//! The cost curve: more mirrors, more paths, more connections.

use std::sync::atomic::AtomicU32;

use harness::postgres::Cluster;

use crate::dataset::{Files, Size};
use crate::kind::Kind;
use crate::load::{Mix, Target};
use crate::plot::{Chart, Curve};
use crate::report::megabytes;
use crate::servers::Servers;
use crate::site::{self, Site, Tree};
use crate::slice::{Effort, Slice};
use crate::usage;

/// Rows of `server`.
const MIRRORS: [u32; 7] = [10, 30, 100, 180, 500, 1_000, 2_000];
/// Rows of `filearr`, each a divisor of [`ALL`].
const PATHS: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Connections that ask at the same time.
const CONNECTIONS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// The largest site. The files of the others are spread over its tree.
const ALL: u32 = 1_000_000;
/// Every fifth file of it exists: enough to ask for another one in each request of a cold slice.
const ON_DISK: Files = Files {
    first: 0,
    count: ALL / STEP_ON_DISK,
    step: STEP_ON_DISK,
};
const STEP_ON_DISK: u32 = 5;
/// Rows of `filearr` while something else is swept.
const SOME_PATHS: u32 = ON_DISK.count;
/// With fewer files, they would come round again in a slice.
const LEAST_COLD: u32 = 90_000;
/// Files of a hot series.
const WORKING_SET: u32 = 5_000;

/// One point of a sweep.
#[derive(Clone)]
struct Point {
    x: f64,
    limit: Slice,
    hot: Slice,
    /// None where there are too few files to ask for another one each time.
    cold: Option<Slice>,
    pss: u64,
}

/// Tables and charts of all sweeps.
pub struct Sweeps {
    /// Markdown.
    pub text: String,
    /// One for each sweep.
    pub charts: Vec<Chart>,
}

/// Boots everything, once for each size. No site has more paths than `most_paths`.
pub fn run(effort: Effort, most_paths: u32) -> Sweeps {
    let bench = Bench {
        cluster: site::start_cluster(),
        tree: Tree::new(ON_DISK),
    };
    let mut sweeps = Sweeps {
        text: String::new(),
        charts: Vec::new(),
    };
    let by_mirrors = MIRRORS.map(|mirrors| {
        let size = size(mirrors, SOME_PATHS);
        bench.points(size, &[(f64::from(mirrors), effort)])
    });
    sweeps.add("mirrors", &by_mirrors.concat());

    let mirrors = Size::STANDARD.mirrors;
    let paths = PATHS.into_iter().filter(|paths| *paths <= most_paths);
    let by_paths: Vec<_> = paths
        .map(|paths| bench.points(size(mirrors, paths), &[(f64::from(paths), effort)]))
        .collect();
    sweeps.add("paths", &by_paths.concat());

    let connections = CONNECTIONS.map(|connections| {
        let effort = Effort {
            connections,
            ..effort
        };
        (connections as f64, effort)
    });
    let by_connections = bench.points(size(mirrors, SOME_PATHS), &connections);
    sweeps.add("connections", &by_connections);
    sweeps
}

fn size(mirrors: u32, paths: u32) -> Size {
    Size {
        mirrors,
        paths,
        step: ALL / paths,
    }
}

/// What all points share.
struct Bench {
    cluster: Cluster,
    tree: Tree,
}

impl Bench {
    /// Makes a site, and measures on it for each of these efforts.
    fn points(&self, size: Size, efforts: &[(f64, Effort)]) -> Vec<Point> {
        let site = Site::new(&self.cluster, &self.tree, size);
        let mut servers = Servers::start(&site);
        // Those that have a row and exist.
        let step = size.step.max(STEP_ON_DISK);
        let files = Files {
            first: 0,
            count: ALL / step,
            step,
        };
        let efforts = efforts.iter();
        efforts
            .map(|(x, effort)| self.point(&site, &mut servers, files, *effort, *x))
            .collect()
    }

    fn point(
        &self,
        site: &Site<'_>,
        servers: &mut Servers<'_>,
        files: Files,
        effort: Effort,
        x: f64,
    ) -> Point {
        eprintln!("measuring at {x}");
        let hot = Mix::Uniform(files.take(WORKING_SET));
        let mut limit = Series::new(servers, Kind::Limit, Mix::Uniform(files.take(WORKING_SET)));
        let mut hot = Series::new(servers, Kind::GeoAsn, hot);
        let rest = files.skip(WORKING_SET);
        let mut cold = (rest.count >= LEAST_COLD).then(|| {
            let mix = Mix::Distinct(AtomicU32::new(0), rest);
            Series::new(servers, Kind::GeoAsn, mix)
        });
        for _ in 0..effort.rounds {
            limit.measure(servers, &self.cluster, effort);
            let warm = hot.target.ask_each(files.take(WORKING_SET));
            warm.expect("warm cache");
            hot.measure(servers, &self.cluster, effort);
            if let Some(cold) = &mut cold {
                site.have_files_forgotten();
                cold.measure(servers, &self.cluster, effort);
            }
        }
        Point {
            x,
            limit: Slice::median(&limit.slices),
            hot: Slice::median(&hot.slices),
            cold: cold.map(|series| Slice::median(&series.slices)),
            pss: usage::child_pss(servers.get(Kind::GeoAsn)),
        }
    }
}

/// What is measured at each point.
struct Series {
    kind: Kind,
    target: Target,
    slices: Vec<Slice>,
}

impl Series {
    fn new(servers: &mut Servers<'_>, kind: Kind, mix: Mix) -> Self {
        let target = Target {
            address: servers.get(kind).address(),
            mix,
            suffix: "",
            status: 302,
        };
        Self {
            kind,
            target,
            slices: Vec::new(),
        }
    }

    fn measure(&mut self, servers: &mut Servers<'_>, cluster: &Cluster, effort: Effort) {
        let httpd = servers.get(self.kind);
        let slice = Slice::measure(&self.target, httpd, cluster, effort);
        self.slices.push(slice);
    }
}

impl Sweeps {
    fn add(&mut self, what: &'static str, points: &[Point]) {
        self.text.push_str(&table(what, points));
        self.text.push('\n');
        let curve = |name, figure: fn(&Point) -> Option<Slice>| Curve {
            name,
            points: points
                .iter()
                .filter_map(|point| Some((point.x, figure(point)?.cpu * 1e6)))
                .collect(),
        };
        self.charts.push(Chart {
            x: what,
            y: "CPU of httpd for each request, µs",
            curves: vec![
                curve("limit", |point| Some(point.limit)),
                curve("hot", |point| Some(point.hot)),
                curve("cold", |point| point.cold),
            ],
        });
    }
}

fn table(what: &str, points: &[Point]) -> String {
    let mut text = format!(
        "| {what:>11} | limit req/s | hot req/s | cold req/s | limit CPU us | hot CPU us | cold CPU us | cold DB us | hot p99 ms | PSS MB |\n\
         |------------:|------------:|----------:|-----------:|-------------:|-----------:|------------:|-----------:|-----------:|-------:|\n"
    );
    for point in points {
        let Point {
            x,
            limit,
            hot,
            cold,
            pss,
        } = point;
        let of_cold = |figure: fn(&Slice) -> f64| match cold {
            Some(slice) => format!("{:.0}", figure(slice)),
            None => "-".to_owned(),
        };
        text.push_str(&format!(
            "| {x:>11} | {:>11.0} | {:>9.0} | {:>10} | {:>12.1} | {:>10.1} | {:>11} | {:>10} | {:>10.2} | {:>6.1} |\n",
            limit.rate,
            hot.rate,
            of_cold(|slice| slice.rate),
            limit.cpu * 1e6,
            hot.cpu * 1e6,
            of_cold(|slice| slice.cpu * 1e6),
            of_cold(|slice| slice.database * 1e6),
            hot.p99 * 1e3,
            megabytes(*pss),
        ));
    }
    text
}
