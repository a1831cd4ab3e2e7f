//! What `mb makehashes` takes beside programs that make fewer hashes, of files in the page cache.

use std::fmt::Write;
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use harness::postgres::{Cluster, Database, USER};
use harness::temp_dir;
use tempfile::TempDir;

use crate::child::{Taken, measure};
use crate::report::megabytes;

/// The three that a row has, side by side: they read each file three times.
const SIDE_BY_SIDE: &str = "for sum in md5sum sha1sum sha256sum; do \
                            find \"$0\" -type f -print0 | xargs -0 $sum & done; wait";
const ONE: &str = "find \"$0\" -type f -print0 | xargs -0 sha256sum";
const FIND: &str = "find \"$0\" -printf '%s %T@ %p\\n'";

/// Hashes a few large files and `files` small ones, and returns what that took as a table.
pub fn run(rounds: usize, files: u32) -> String {
    let cluster = crate::site::start_cluster();
    let mut text = format!(
        "| {:<34} | {:<40} | {:>7} | {:>7} | {:>6} | {:>6} | {:>9} |\n\
         |------------------------------------|------------------------------------------|--------:|--------:|-------:|-------:|----------:|\n",
        "", "beside", "s", "beside", "ratio", "CPU s", "memory MB"
    );
    let mut compare = |name: &str, beside: &str, runs: Vec<(Taken, Taken)>| {
        let mut ratios: Vec<f64> = runs
            .iter()
            .map(|(ours, theirs)| ours.wall / theirs.wall)
            .collect();
        ratios.sort_by(f64::total_cmp);
        let (ours, theirs): (Vec<Taken>, Vec<Taken>) = runs.into_iter().unzip();
        let (ours, theirs) = (Taken::median(&ours), Taken::median(&theirs));
        let ratio = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
        let memory = megabytes(ours.memory);
        eprintln!("{name}: {:.2} s, {beside} {:.2} s", ours.wall, theirs.wall);
        let _ = writeln!(
            text,
            "| {name:<34} | {beside:<40} | {:>7.2} | {:>7.2} | {ratio:>6.2} | {:>6.2} | {memory:>9.1} |",
            ours.wall, theirs.wall, ours.cpu
        );
    };
    let large = World::new(&cluster, "hashing_large", 4, 256 << 20);
    compare(
        "4 files of 256 MiB",
        "md5sum, sha1sum, sha256sum side by side",
        large.first_runs(rounds, SIDE_BY_SIDE),
    );
    drop(large);
    let small = World::new(&cluster, "hashing_small", files, 4096);
    compare(
        &format!("{files} files of 4 KiB"),
        "sha256sum",
        small.first_runs(rounds, ONE),
    );
    compare(
        &format!("the same {files} again"),
        "find -printf",
        small.further_runs(rounds, FIND),
    );
    text
}

struct World<'c> {
    database: Database<'c>,
    directory: TempDir,
}

impl<'c> World<'c> {
    fn new(cluster: &'c Cluster, name: &str, files: u32, size: usize) -> Self {
        let directory = temp_dir("hashing");
        let tree = directory.path().join("tree");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
        let mut bytes = vec![0; size];
        for number in 0..files {
            let directory = tree.join((number / 200).to_string());
            fs::create_dir_all(&directory).expect("directory");
            fastrand::Rng::with_seed(number.into()).fill(&mut bytes);
            let path = directory.join(number.to_string());
            fs::write(&path, &bytes).expect("file");
            let file = File::options().write(true).open(&path).expect("file");
            let times = FileTimes::new().set_modified(time);
            file.set_times(times).expect("time");
        }
        let configuration = format!(
            "[general]\ninstances = main\n[main]\ndbuser = {USER}\ndbpass = none\ndbhost = 127.0.0.1\n\
             dbport = {}\ndbname = {name}\n",
            cluster.port()
        );
        fs::write(directory.path().join("mirrorbrain.conf"), configuration).expect("configuration");
        let database = cluster.database(name, &[]);
        Self {
            database,
            directory,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn ours(&self) -> Taken {
        let this = std::env::current_exe().expect("path of this program");
        let mut command = Command::new(this.with_file_name("mb"));
        command.arg("--config").arg(self.path("mirrorbrain.conf"));
        command.arg("makehashes").arg("-t").arg(self.path("stamps"));
        command.arg(self.path("tree"));
        measure(&command).expect("mb")
    }

    fn theirs(&self, script: &str) -> Taken {
        let mut command = Command::new("sh");
        command
            .args(["-c", script])
            .arg::<&Path>(&self.path("tree"));
        measure(&command).expect("programs")
    }

    /// With empty tables and no stamps.
    fn first_runs(&self, rounds: usize, script: &str) -> Vec<(Taken, Taken)> {
        let round = |round: usize| {
            self.database.sql("TRUNCATE filearr, hash");
            // Moved: ext4 takes seconds to make files where it has just removed thousands.
            let old = self.path(&format!("stamps{round}"));
            // There are none before the first round.
            let _ = fs::rename(self.path("stamps"), old);
            (self.ours(), self.theirs(script))
        };
        (0..rounds).map(round).collect()
    }

    fn further_runs(&self, rounds: usize, script: &str) -> Vec<(Taken, Taken)> {
        (0..rounds)
            .map(|_| (self.ours(), self.theirs(script)))
            .collect()
    }
}
