//! The time of day that httpd sees, which tests set.

use std::fs;
use std::path::{Path, PathBuf};

use crate::httpd::Builder;

/// Tells a process that it is another time; the clocks that only count on are left alone, as the
/// kernel leaves them when an administrator sets the time.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// What sets the time of one httpd and of all its children.
pub struct Clock(PathBuf);

impl Clock {
    /// Puts a clock into an httpd that is not started yet; it is right until somebody sets it.
    pub fn of(builder: Builder) -> (Builder, Self) {
        let clock = Self(builder.work().join("clock"));
        clock.set("+0");
        let builder = builder
            .env("LD_PRELOAD", &library())
            .env("FAKETIME_TIMESTAMP_FILE", clock.0.to_str().expect("a path"))
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("FAKETIME_DISABLE_SHM", "1");
        (builder, clock)
    }

    /// Sets it to so much before or after the true time, as `+3d` or `-20y`.
    pub fn set(&self, offset: &str) {
        let new = self.0.with_extension("new");
        fs::write(&new, offset).expect("the offset");
        fs::rename(&new, &self.0).expect("the offset");
    }
}

/// The library itself, for a server whose time goes faster.
pub fn library() -> String {
    let directories = fs::read_dir("/usr/lib").expect("/usr/lib").flatten();
    let places = directories.map(|entry| entry.path().join(LIBRARY));
    let found = places.into_iter().find(|file| Path::is_file(file));
    let found = found.unwrap_or_else(|| panic!("no {LIBRARY} (Debian: libfaketime)"));
    found.to_str().expect("a path").to_owned()
}
