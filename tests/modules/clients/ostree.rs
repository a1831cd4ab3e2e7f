//! OSTree, on a repository that changed a moment ago.

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::command::run;
use harness::site::noise;

use super::world::{COMBINATIONS, Dead, Versions, World};

const BRANCH: &str = "orange/stable";
const REPOSITORY: &str = "ostree";

fn ostree(repository: &Path, words: &[&str]) {
    let mut command = Command::new("ostree");
    command.args(words).arg("--repo").arg(repository);
    run(command.env_remove("http_proxy"));
}

/// The second version has one more commit than the first.
fn versions() -> Versions {
    let versions = Versions::new();
    let (old, new) = (
        versions.old().join(REPOSITORY),
        versions.new_one().join(REPOSITORY),
    );
    fs::create_dir_all(&old).unwrap();
    ostree(&old, &["init", "--mode=archive"]);
    commit(versions.dir.path(), &old, 1);
    run(Command::new("cp").arg("-R").arg(&old).arg(&new));
    commit(versions.dir.path(), &new, 2);
    versions
}

fn commit(work: &Path, repository: &Path, version: u64) {
    let tree = work.join("tree");
    fs::create_dir_all(&tree).unwrap();
    fs::write(tree.join("orange"), noise(version, 20_000)).unwrap();
    let tree = format!("--tree=dir={}", tree.display());
    ostree(repository, &["commit", "--branch", BRANCH, &tree]);
    ostree(repository, &["summary", "--update"]);
}

/// Has OSTree pull the branch into a repository of its own, and look at the file.
#[track_caller]
fn pull(world: &World, name: &str, source: &str) -> Vec<u8> {
    let home = world.dir(name);
    let (repository, tree) = (home.join("repository"), home.join("tree"));
    fs::create_dir_all(&repository).unwrap();
    ostree(&repository, &["init", "--mode=bare-user-only"]);
    ostree(
        &repository,
        &["remote", "add", "--no-gpg-verify", "origin", source],
    );
    ostree(&repository, &["pull", "origin", BRANCH]);
    let branch = format!("origin:{BRANCH}");
    let tree_arg = tree.to_string_lossy();
    ostree(
        &repository,
        &["checkout", "--user-mode", &branch, &tree_arg],
    );
    fs::read(tree.join("orange")).unwrap()
}

/// Without `protocol` OSTree took no URL of a metalink.
#[test]
fn ostree_pulls_the_new_commit_whatever_the_mirrors_are() {
    let versions = versions();
    for (kinds, n) in COMBINATIONS.iter().zip(0..) {
        let world = versions.site(&format!("clients_ostree_{n}"), kinds, |site| site);
        let url = world.httpd.url(&format!("/{REPOSITORY}"));
        let metalink = format!("metalink={url}/summary.metalink");
        for (name, source) in [("url", url), ("metalink", metalink)] {
            // OSTree gives up when it cannot connect: a redirect to a dead mirror is the end.
            if name == "url" && kinds[0] == Dead {
                continue;
            }
            let same = pull(&world, name, &source) == noise(2, 20_000);
            assert!(same, "{name} with {kinds:?}\n{}", world.asked());
        }
    }
}
