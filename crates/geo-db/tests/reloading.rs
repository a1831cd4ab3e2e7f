//! The file is replaced, deleted, damaged and overwritten while it is in use.

mod common;

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::time::{Duration, Instant};

use common::{address, city, read};
use geo_db::writer::Writer;
use geo_db::{Error, Event, Place, Reloading};
use mirror_selection::Code;

fn write(path: &Path, country: &str) {
    Writer::new("GeoLite2-City")
        .insert("192.0.2.0/24", city(country, "", "EU", 50.0, 10.0))
        .write_to(path)
        .expect("writable");
}

/// A database at a path, and a clock that can be advanced.
struct Fixture {
    directory: tempfile::TempDir,
    reloading: Reloading<Vec<u8>>,
    now: Instant,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let reloading = Reloading::new(&directory.path().join("geo.mmdb"), read);
        Self {
            directory,
            reloading,
            now: Instant::now(),
        }
    }

    fn write(&self, country: &str) {
        write(self.reloading.path(), country);
    }

    fn country(&self) -> Option<Code> {
        self.reloading.place(address("192.0.2.1")).country
    }

    fn refresh_after(&mut self, milliseconds: u64) -> Option<Event> {
        self.now += Duration::from_millis(milliseconds);
        self.reloading.refresh(self.now)
    }
}

#[test]
fn a_file_moved_into_place_is_used_within_a_second() {
    let mut f = Fixture::new();
    f.write("DE");
    assert_eq!(
        f.country(),
        None,
        "nothing is opened before the first refresh"
    );
    assert!(matches!(f.refresh_after(0), Some(Event::Opened)));
    assert_eq!(f.country(), Code::parse("de"));
    f.write("FR");
    assert!(f.refresh_after(500).is_none());
    assert_eq!(f.country(), Code::parse("de"), "the old file lives on");
    assert!(matches!(f.refresh_after(600), Some(Event::Opened)));
    assert_eq!(f.country(), Code::parse("fr"));
    assert!(
        f.refresh_after(2000).is_none(),
        "an unchanged file is left alone"
    );
}

#[test]
fn a_deleted_file_stays_in_use_and_is_reported_once() {
    let mut f = Fixture::new();
    f.write("DE");
    f.refresh_after(0);
    fs::remove_file(f.reloading.path()).expect("removable");
    assert!(matches!(
        f.refresh_after(2000),
        Some(Event::Failed(Error::Open { .. }))
    ));
    assert!(f.refresh_after(2000).is_none());
    assert_eq!(f.country(), Code::parse("de"));
    f.write("FR");
    assert!(matches!(f.refresh_after(2000), Some(Event::Opened)));
    assert_eq!(f.country(), Code::parse("fr"));
    fs::remove_file(f.reloading.path()).expect("removable");
    assert!(
        matches!(f.refresh_after(2000), Some(Event::Failed(_))),
        "reported anew"
    );
}

#[test]
fn a_broken_file_does_not_replace_a_good_one() {
    let mut f = Fixture::new();
    f.write("DE");
    f.refresh_after(0);
    let broken = f.directory.path().join("broken");
    for contents in [&b""[..], b"\xab\xcd\xefMaxMind.com", &[0; 5000]] {
        fs::write(&broken, contents).expect("writable");
        fs::rename(&broken, f.reloading.path()).expect("movable");
        let event = f.refresh_after(2000);
        assert!(
            matches!(event, Some(Event::Failed(Error::Invalid { .. }))),
            "{event:?}"
        );
        assert!(f.refresh_after(2000).is_none(), "said once");
        assert_eq!(f.country(), Code::parse("de"));
    }
    f.write("FR");
    assert!(matches!(f.refresh_after(2000), Some(Event::Opened)));
    assert_eq!(f.country(), Code::parse("fr"));
}

#[test]
fn what_is_no_file_is_not_opened() {
    let mut f = Fixture::new();
    fs::create_dir(f.reloading.path()).expect("a directory");
    let Some(Event::Failed(error)) = f.refresh_after(0) else {
        panic!("a directory is no database")
    };
    let path = f.reloading.path().display().to_string();
    assert_eq!(
        error.to_string(),
        format!("cannot open {path}: not a regular file")
    );
}

/// A map of the file would raise SIGBUS here.
#[test]
fn a_file_cut_in_place_knows_nothing_until_it_is_whole() {
    let mut f = Fixture::new();
    f.write("DE");
    f.refresh_after(0);
    let file = OpenOptions::new()
        .write(true)
        .open(f.reloading.path())
        .expect("writable");
    let whole = fs::read(f.reloading.path()).expect("readable");
    file.set_len(10).expect("can be cut");
    assert_eq!(f.reloading.place(address("192.0.2.1")), Place::default());
    assert_eq!(f.reloading.country_name(address("192.0.2.1")), None);
    assert_eq!(f.reloading.autonomous_system(address("192.0.2.1")), None);
    assert!(matches!(f.refresh_after(2000), Some(Event::Failed(_))));
    assert_eq!(f.country(), None);
    fs::write(f.reloading.path(), whole).expect("writable");
    assert!(matches!(f.refresh_after(2000), Some(Event::Opened)));
    assert_eq!(f.country(), Code::parse("de"));
}

#[test]
fn many_threads_look_once() {
    let mut f = Fixture::new();
    f.write("DE");
    f.refresh_after(0);
    f.write("FR");
    let (reloading, later) = (&f.reloading, f.now + Duration::from_secs(2));
    let events: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(move || reloading.refresh(later).is_some()))
            .collect();
        threads
            .into_iter()
            .filter_map(|t| t.join().ok())
            .map(usize::from)
            .sum()
    });
    assert_eq!(events, 1);
}
