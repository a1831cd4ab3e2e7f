//! Where PostgreSQL is on this machine, and how a cluster of tests is configured.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{find, run};

/// The oldest version with all that `sql/` and these tests use (`CREATE OR REPLACE TRIGGER`).
const OLDEST: u32 = 14;

/// Where PostgreSQL's server programs are. `PGBINDIR` in the environment decides.
pub(super) fn bin_dir() -> PathBuf {
    let dir = std::env::var_os("PGBINDIR").map_or_else(installed, PathBuf::from);
    let version = run(Command::new(dir.join("initdb")).arg("--version"));
    let major = version
        .split(|c: char| !c.is_ascii_digit())
        .find_map(|n| n.parse().ok());
    assert!(
        major.is_some_and(|major: u32| major >= OLDEST),
        "PostgreSQL {OLDEST} or newer is needed, and {} has {}",
        dir.display(),
        version.trim()
    );
    dir
}

/// Debian keeps them out of PATH, one directory for each version.
fn installed() -> PathBuf {
    let mut candidates = Vec::new();
    if find("pg_config").is_some() {
        candidates.push(run(Command::new("pg_config").arg("--bindir")).trim().into());
    }
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        let mut dirs: Vec<PathBuf> = versions.flatten().map(|v| v.path().join("bin")).collect();
        dirs.sort();
        candidates.extend(dirs.into_iter().rev());
    }
    candidates.extend(find("initdb").and_then(|file| file.parent().map(Path::to_path_buf)));
    candidates
        .into_iter()
        .find(|dir| dir.join("initdb").is_file())
        .expect("PostgreSQL's initdb: install the server, or name its directory in PGBINDIR")
}

/// Settings that make a throw-away cluster quick.
pub(super) fn configuration(
    dir: &Path,
    host: &str,
    port: u16,
    settings: &[(&str, &str)],
) -> String {
    let dir = dir.display();
    let mut text = format!(
        "listen_addresses = '{host}'\n\
         port = {port}\n\
         unix_socket_directories = '{dir}'\n\
         fsync = off\n\
         full_page_writes = off\n\
         shared_buffers = 32MB\n\
         max_connections = 200\n\
         timezone = 'UTC'\n"
    );
    for (name, value) in settings {
        text.push_str(&format!("{name} = '{value}'\n"));
    }
    text
}
