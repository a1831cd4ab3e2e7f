//! Harness that boots a private httpd and a private PostgreSQL.
//!
//! Everything lives on loopback, in temporary directories and on ports of its own, so tests run in
//! parallel threads and beside a production server. Whatever is started ends with the process that
//! started it, also when that is killed: see [`guardian`].
//!
//! This is test support: what cannot be done panics, with the words of the tool that failed.

pub mod apxs;
pub mod clock;
pub mod command;
pub mod daemon;
pub mod demo;
pub mod error_log;
pub mod files;
pub mod guardian;
pub mod http;
pub mod httpd;
pub mod load;
pub mod memcached;
pub mod modules;
pub mod namespace;
pub mod network;
pub mod pgbouncer;
pub mod postgres;
pub mod process;
pub mod relay;
pub mod rsyncd;
pub mod site;
pub mod sources;
pub mod sums;

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};

/// The top directory of the checkout.
pub fn workspace() -> PathBuf {
    let harness = Path::new(env!("CARGO_MANIFEST_DIR"));
    harness.ancestors().nth(2).unwrap_or(harness).to_path_buf()
}

/// A TCP port on 127.0.0.1 that nobody listens on and that this process has not given out before.
///
/// Ports come from below the range that the kernel uses for outgoing connections (32768 and up on
/// Linux); one from that range could be taken between this call and the server's bind.
pub fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Processes that run side by side start at different places.
    let start = (std::process::id() % u32::from(COUNT)) as u16;
    for _ in 0..COUNT {
        let step = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (start + step % COUNT) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between {FIRST} and {}", FIRST + COUNT);
}

/// A temporary directory that a server running as another user can enter.
pub fn temp_dir(purpose: &str) -> tempfile::TempDir {
    let dir = tempfile::Builder::new()
        .prefix(&format!("mirrorbrain-{purpose}-"))
        .tempdir()
        .expect("temporary directory");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(dir.path(), mode).expect("mode of the temporary directory");
    dir
}
