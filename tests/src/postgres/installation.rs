//! Where PostgreSQL is on this machine, and how a cluster of tests is configured.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{find, run};

/// Where PostgreSQL's server programs are. `PGBINDIR` in the environment decides; Debian keeps
/// them out of PATH, one directory for each version.
pub(super) fn bin_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("PGBINDIR") {
        return dir.into();
    }
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
