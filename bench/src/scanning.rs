//! What a scan takes beside the listing that it reads, and beside the statements of the original.

mod original;
mod world;

use std::fmt::Write;
use std::process::Command;

use crate::child::{Taken, measure};
use crate::report::megabytes;
use world::World;

/// Mirrors of the comparison with the original, and files of each.
const MIRRORS: u32 = 10;
const FILES: u32 = 10_000;

/// Scans a tree of so many files, and returns what that took as a table.
pub fn run(rounds: usize, files: u32) -> String {
    let cluster = crate::site::start_cluster();
    let mut text = format!(
        "{files} files in directories of 200, one mirror, rsync on the same machine.\n\n\
         | {:<28} | {:>7} | {:>6} | {:>6} | {:>9} | {:>12} |\n\
         |------------------------------|--------:|-------:|-------:|----------:|-------------:|\n",
        "", "s", "ratio", "CPU s", "memory MB", "rows written"
    );
    let world = World::new(&cluster, "scanning", files, 1);
    let mut first = Series::new("first scan");
    let mut unchanged = Series::new("unchanged");
    let mut changed = Series::new("1 % changed");
    for round in 0..rounds {
        world.forget();
        first.measure(&world, &world.scan());
        unchanged.measure(&world, &world.scan());
        world.change(round, files / 100);
        changed.measure(&world, &world.scan());
    }
    let listing = Series::median(
        &[&first.beside, &unchanged.beside, &changed.beside]
            .map(|s| s.clone())
            .concat(),
    );
    line(&mut text, "rsync --list-only -r", listing, 1.0, None);
    for series in [&first, &unchanged, &changed] {
        let taken = Taken::median(&series.taken);
        line(
            &mut text,
            series.name,
            taken,
            series.ratio(),
            Some(series.rows()),
        );
    }
    drop(world);
    let world = World::new(&cluster, "round", FILES, MIRRORS);
    let ours = measure(&world.scan()).expect("scan");
    let again = measure(&world.scan()).expect("scan");
    let theirs = original::round(world.database(), &world.paths(), MIRRORS);
    let files = u64::from(FILES) * u64::from(MIRRORS);
    let _ = write!(
        text,
        "\nA round over {MIRRORS} mirrors of {FILES} files, {files} in all: `mb scan -a`, with its listings, {:.2} s the \
         first time and {:.2} s the second. The original's two statements a file, without any listing: {theirs:.1} s, \
         {:.0} times as long as the second.\n",
        ours.wall,
        again.wall,
        theirs / again.wall,
    );
    text
}

/// Runs of one kind, each beside a listing by rsync alone.
struct Series {
    name: &'static str,
    taken: Vec<Taken>,
    beside: Vec<Taken>,
    rows: Vec<u64>,
}

impl Series {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            taken: Vec::new(),
            beside: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn measure(&mut self, world: &World<'_>, scan: &Command) {
        self.beside.push(measure(&world.listing()).expect("rsync"));
        let before = world.rows_written();
        self.taken.push(measure(scan).expect("scan"));
        self.rows.push(world.rows_written() - before);
        let last = self.taken.last().map_or(0.0, |taken| taken.wall);
        let beside = self.beside.last().map_or(0.0, |taken| taken.wall);
        eprintln!("{}: {last:.2} s, rsync alone {beside:.2} s", self.name);
    }

    fn median(all: &[Taken]) -> Taken {
        Taken::median(all)
    }

    /// The median of the ratios, each of two runs next to each other.
    fn ratio(&self) -> f64 {
        let pairs = self.taken.iter().zip(&self.beside);
        let mut ratios: Vec<f64> = pairs
            .map(|(taken, beside)| taken.wall / beside.wall)
            .collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or_default()
    }

    fn rows(&self) -> u64 {
        self.rows.iter().copied().max().unwrap_or_default()
    }
}

fn line(text: &mut String, name: &str, taken: Taken, ratio: f64, rows: Option<u64>) {
    let rows = rows.map_or(String::new(), |rows| rows.to_string());
    let _ = writeln!(
        text,
        "| {name:<28} | {:>7.2} | {ratio:>6.2} | {:>6.2} | {:>9.1} | {rows:>12} |",
        taken.wall,
        taken.cpu,
        megabytes(taken.memory),
    );
}
