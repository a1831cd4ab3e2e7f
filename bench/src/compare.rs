//! The comparison: all series in turn, many short slices, medians.

use std::collections::HashSet;
use std::sync::atomic::AtomicU32;

use harness::httpd::Httpd;
use harness::postgres::Cluster;

use crate::dataset::{self, Files, Size};
use crate::kind::Kind;
use crate::load::{Mix, Target, Zipf};
use crate::report::{self, Line};
use crate::servers::Servers;
use crate::site::{self, Site, Tree};
use crate::slice::{Effort, Slice};
use crate::usage;

/// Files that are asked for again and again in a hot series.
pub const WORKING_SET: u32 = 5_000;

/// One line of the table: a server and what it is asked.
struct Series {
    name: &'static str,
    kind: Kind,
    target: Target,
    slices: Vec<Slice>,
}

/// Boots everything, measures, and returns the table. `only` picks series by a part of their name;
/// the limit is always there.
pub fn run(effort: Effort, only: &[String]) -> String {
    let cluster = site::start_cluster();
    let tree = Tree::new(Size::STANDARD.files());
    let site = Site::new(&cluster, &tree, Size::STANDARD);
    let mut servers = Servers::start(&site);
    let mut series = all(&mut servers, only);
    warm_up(&series);
    let own = usage::own_seconds();
    let mut answered = 0.0;
    for round in 1..=effort.rounds {
        eprintln!("round {round} of {}", effort.rounds);
        for one in &mut series {
            let slice = one.measure(servers.get(one.kind), &cluster, effort);
            answered += slice.rate * effort.slice.as_secs_f64();
        }
    }
    let own = (usage::own_seconds() - own) / answered;
    let lines: Vec<Line> = series
        .iter()
        .map(|one| one.line(servers.get(one.kind)))
        .collect();
    let full = usage::child_pss(fill(&mut servers));
    format!(
        "{}\nThe load itself took {:.1} us for each request. A child with all {} files in its cache: {:.1} MB.\n",
        report::table(&lines),
        own * 1e6,
        Size::STANDARD.paths,
        report::megabytes(full),
    )
}

/// Fills the caches: each file of the working set once, on each server that has a cache.
fn warm_up(series: &[Series]) {
    let mut warm = HashSet::new();
    for one in series {
        if one.kind.has_cache() && warm.insert(one.kind) {
            let files = Files::first(WORKING_SET);
            one.target.ask_each(files).expect("warm cache");
        }
    }
}

/// Asks one server for every file of the site.
fn fill<'s>(servers: &'s mut Servers<'_>) -> &'s Httpd {
    const CLIENTS: u32 = 16;
    let httpd = servers.get(Kind::GeoAsn);
    let target = Target {
        address: httpd.address(),
        mix: Mix::Uniform(Files::first(1)),
        suffix: "",
        status: 302,
    };
    std::thread::scope(|scope| {
        for first in 0..CLIENTS {
            let files = Files {
                first,
                count: Size::STANDARD.paths / CLIENTS,
                step: CLIENTS,
            };
            let target = &target;
            scope.spawn(move || target.ask_each(files).expect("full cache"));
        }
    });
    httpd
}

fn all(servers: &mut Servers<'_>, only: &[String]) -> Vec<Series> {
    let paths = Size::STANDARD.paths;
    let files = Files::first(paths);
    let hot = || Mix::Uniform(files.take(WORKING_SET));
    let cold = || Mix::Distinct(AtomicU32::new(0), files.skip(WORKING_SET));
    let zipf = || Mix::Zipf(Zipf::new(paths));
    let directories = || Mix::Directories(dataset::directories(paths));
    let list: [(&'static str, Kind, Mix, &'static str, u16); 19] = [
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
        ("static file", Kind::Static, Mix::Small, "", 200),
        ("static file, mod_asn", Kind::StaticAsn, Mix::Small, "", 200),
        ("mod_autoindex", Kind::Autoindex, directories(), "", 200),
        (
            "mod_autoindex_mb",
            Kind::AutoindexMb,
            directories(),
            "",
            200,
        ),
        (
            "mod_autoindex_mb, links",
            Kind::AutoindexLinks,
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
    fn measure(&mut self, httpd: &Httpd, cluster: &Cluster, effort: Effort) -> Slice {
        let slice = Slice::measure(&self.target, httpd, cluster, effort);
        self.slices.push(slice);
        slice
    }

    fn line(&self, httpd: &Httpd) -> Line {
        Line {
            name: self.name,
            slice: Slice::median(&self.slices),
            pss: usage::child_pss(httpd),
        }
    }
}
