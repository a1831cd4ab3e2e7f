//! The site of `make demo`, which README shows.

use harness::demo::Site;
use harness::postgres::Cluster;
use harness::workspace;
use std::fs;
use std::path::Path;

#[test]
fn the_commands_that_readme_shows_make_the_demonstration() {
    let directory = harness::temp_dir("demo");
    let mb = Path::new(env!("CARGO_BIN_EXE_mb"));
    let site = Site::make(Cluster::shared(), mb, directory.path()).expect("the site");
    let readme = fs::read_to_string(workspace().join("README.md")).expect("README.md");
    let shown = readme
        .split("\n\n")
        .filter(|block| block.starts_with("    $ mb "))
        .flat_map(str::lines)
        .map(str::trim)
        .filter(|line| *line != "...");
    let mut printed = site.transcript.lines().map(str::trim);
    let mut count = 0;
    for line in shown {
        let is_there = printed.any(|printed| printed == line);
        assert!(
            is_there,
            "\"{line}\" does not come next in\n{}",
            site.transcript
        );
        count += 1;
    }
    assert!(count > 10, "README shows {count} lines");
}
