//! How servers are asked.

use std::time::Duration;

/// How a server is asked, and how much it may answer.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory that is listed, below the base; empty for all. Paths begin at the base all the same.
    pub subtree: String,
    /// How long a server may say nothing.
    pub idle: Duration,
    /// How long the whole listing may take.
    pub limit: Duration,
    /// How many entries it may have.
    pub most_entries: u64,
    /// How many bytes it may have, unpacked.
    pub most_bytes: u64,
    /// Who we say that we are, with a URL where to complain.
    pub user_agent: String,
    /// Patterns of rsync that it sends nothing of (`--exclude`).
    pub rsync_excludes: Vec<String>,
    /// Patterns of rsync for what is at the top; if there are any, it sends nothing else. Not for a subtree.
    pub rsync_top: Vec<String>,
    /// Files that are asked for, and no others, if there are any: paths below the base. Those that are not listed then
    /// are not there. Of rsync only, in one connection.
    pub rsync_files: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            subtree: String::new(),
            idle: Duration::from_secs(60),
            limit: Duration::from_secs(6 * 3600),
            most_entries: 50_000_000,
            most_bytes: 16 << 30,
            user_agent: concat!("MirrorBrain/", env!("CARGO_PKG_VERSION")).to_owned(),
            rsync_excludes: Vec::new(),
            rsync_top: Vec::new(),
            rsync_files: Vec::new(),
        }
    }
}
