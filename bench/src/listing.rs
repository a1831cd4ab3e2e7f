//! Directory listings: mod_autoindex beside mod_autoindex_mb, for the configurations that sites have.

use std::fs;
use std::path::Path;

use harness::httpd::{Builder, Httpd};
use harness::{apxs, files, temp_dir};
use tempfile::TempDir;

use crate::kind;
use crate::load::{Mix, Target};
use crate::report::megabytes;
use crate::slice::{Effort, Slice, WARM_UP};
use crate::usage;

/// The directories that are listed, and their files.
const DIRECTORIES: [(&str, u32); 2] = [("large", 5_000), ("small", 10)];

/// What a site says about its listings.
struct Configuration {
    name: &'static str,
    options: String,
    /// Other directives.
    more: String,
}

/// Who makes them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Maker {
    Stock,
    Ours,
    /// With `Mirrorlist` and `Metalink`.
    Linked,
}

const MAKERS: [Maker; 3] = [Maker::Stock, Maker::Ours, Maker::Linked];

/// Measures each configuration by itself, all makers in turn, and returns the table. `only` picks
/// configurations by a part of their name.
pub fn run(effort: Effort, only: &[String]) -> String {
    let tree = tree();
    let mut text = String::from(
        "| listing | files | mod_autoindex req/s | mod_autoindex_mb | with links | mod_autoindex CPU ms | mod_autoindex_mb | with links |\n\
         |---------|------:|--------------------:|-----------------:|-----------:|---------------------:|-----------------:|-----------:|\n",
    );
    let mut peaks = String::from(
        "\n| listing | mod_autoindex peak MB | mod_autoindex_mb | with links |\n\
         |---------|----------------------:|-----------------:|-----------:|\n",
    );
    for configuration in configurations() {
        let wanted = only.is_empty() || only.iter().any(|one| configuration.name.contains(one));
        if wanted {
            eprintln!("listing: {}", configuration.name);
            let servers = MAKERS.map(|maker| maker.start(tree.path(), &configuration));
            peaks.push_str(&configuration.peaks(&servers));
            for directory in DIRECTORIES {
                text.push_str(&configuration.line(&servers, directory, effort));
            }
        }
    }
    text + &peaks
}

/// Sizes and dates of all sorts, names of some types.
fn tree() -> TempDir {
    let tree = temp_dir("listing");
    for (directory, count) in DIRECTORIES {
        for file in 0..count {
            let suffix = ["x86_64.rpm", "noarch.rpm", "tar.gz", "iso", "txt", "html"];
            let suffix = suffix[file as usize % suffix.len()];
            let name = format!("{directory}/package-{file:04}-1.{}.{suffix}", file % 17);
            let mtime = 1_700_000_000 - u64::from(file) * 7_919;
            files::sparse(tree.path(), &name, u64::from(file).pow(2) * 97, mtime);
        }
    }
    tree
}

fn configurations() -> Vec<Configuration> {
    let plain = |name, options: &str| Configuration {
        name,
        options: options.to_owned(),
        more: String::new(),
    };
    let mut all = vec![
        plain("plain list", ""),
        plain("FancyIndexing", "FancyIndexing"),
        plain("HTMLTable", "FancyIndexing HTMLTable"),
    ];
    let debian = Path::new(&apxs::query("SYSCONFDIR")).join("mods-available/autoindex.conf");
    match fs::read_to_string(&debian) {
        Ok(text) => all.push(distribution(&text)),
        Err(problem) => eprintln!("left out: {}: {problem}", debian.display()),
    }
    all
}

/// Debian's configuration. What it has in `<IfModule mod_autoindex.c>` is for either module here.
fn distribution(text: &str) -> Configuration {
    let (mut options, mut more) = (String::new(), String::new());
    for line in text.lines().map(str::trim_start) {
        match line.strip_prefix("IndexOptions ") {
            Some(words) => options.push_str(words),
            None if line.starts_with('<') || line.starts_with('#') => {}
            None => {
                more.push_str(line);
                more.push('\n');
            }
        }
    }
    Configuration {
        name: "Debian's autoindex.conf",
        options,
        more,
    }
}

impl Maker {
    fn start(self, tree: &Path, configuration: &Configuration) -> Httpd {
        let engine = match self {
            Self::Linked => kind::ENGINE,
            Self::Stock | Self::Ours => "",
        };
        let builder: Builder = kind::frame(tree).config(&kind::directory(tree, engine));
        let builder = match self {
            Self::Stock => builder.stock(&["autoindex"]),
            Self::Ours => builder.ours(&["autoindex_mb"]),
            Self::Linked => builder.ours(&["autoindex_mb", "mirrorbrain"]),
        };
        builder.config(&configuration.directives(self)).start()
    }
}

impl Configuration {
    fn directives(&self, maker: Maker) -> String {
        let links = match maker {
            Maker::Linked => " Mirrorlist Metalink",
            Maker::Stock | Maker::Ours => "",
        };
        match format!("{}{links}", self.options).trim_start() {
            "" => self.more.clone(),
            words => format!("IndexOptions {words}\n{}", self.more),
        }
    }

    /// A row of the first table. Ratios to mod_autoindex are in parentheses, for processor time the
    /// other way round: more is better.
    fn line(&self, servers: &[Httpd; 3], directory: (&str, u32), effort: Effort) -> String {
        let mut slices = [(); MAKERS.len()].map(|()| Vec::new());
        for _ in 0..effort.rounds {
            for (httpd, slices) in servers.iter().zip(&mut slices) {
                slices.push(slice(httpd, directory.0, effort));
            }
        }
        let [stock, ours, linked] = slices.map(|slices| Slice::median(&slices));
        let rate = |one: Slice| format!("{:.0} ({:.2})", one.rate, one.rate / stock.rate);
        let cpu = |one: Slice| format!("{:.3} ({:.2})", one.cpu * 1e3, stock.cpu / one.cpu);
        format!(
            "| {} | {} | {:.0} | {} | {} | {:.3} | {} | {} |\n",
            self.name,
            directory.1,
            stock.rate,
            rate(ours),
            rate(linked),
            stock.cpu * 1e3,
            cpu(ours),
            cpu(linked),
        )
    }

    /// A row of the second table.
    fn peaks(&self, servers: &[Httpd; 3]) -> String {
        let [stock, ours, linked] = servers.each_ref().map(peak);
        format!("| {} | {stock:.1} | {ours:.1} | {linked:.1} |\n", self.name)
    }
}

/// How far the peak of the child's memory rises by one listing of the large directory, in MB.
fn peak(httpd: &Httpd) -> f64 {
    // A small one first: what a child needs once is no cost of a listing.
    httpd.get(&format!("/{}/", DIRECTORIES[1].0));
    let before = usage::child_peak(httpd);
    httpd.get(&format!("/{}/", DIRECTORIES[0].0));
    megabytes(usage::child_peak(httpd).saturating_sub(before))
}

fn slice(httpd: &Httpd, directory: &str, effort: Effort) -> Slice {
    let target = Target {
        address: httpd.address(),
        mix: Mix::One(format!("{directory}/")),
        suffix: "",
        status: 200,
    };
    let mut used = Vec::new();
    let outcome = target
        .load(effort.connections, WARM_UP, effort.slice, || {
            used.push(usage::httpd_seconds(httpd));
        })
        .unwrap_or_else(|problem| panic!("{problem}\n{}", httpd.log()));
    let count = outcome.latencies.len() as f64;
    let seconds = used
        .last()
        .zip(used.first())
        .map_or(0.0, |(end, begin)| end - begin);
    Slice {
        rate: count / outcome.elapsed.as_secs_f64(),
        cpu: seconds / count.max(1.0),
        ..Slice::default()
    }
}
