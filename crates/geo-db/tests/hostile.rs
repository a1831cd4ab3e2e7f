//! Files that are cut, flipped and made up: an error or no answer, never a panic.

mod common;

use std::fs;

use common::{address, city, read};
use geo_db::Database;
use geo_db::writer::{Value, Writer};
use proptest::prelude::*;

fn mmdb(record_size: u16) -> Vec<u8> {
    Writer::new("GeoLite2-City")
        .record_size(record_size)
        .insert("0.0.0.0/1", city("DE", "Germany", "EU", 52.52, 13.405))
        .insert(
            "192.0.2.0/24",
            Value::map([("autonomous_system_number", 64500_u32)]),
        )
        .insert("2001:db8::/32", city("JP", "Japan", "AS", 35.7, 139.7))
        .to_bytes()
        .expect("valid")
}

/// Asks everything; the answers do not matter.
fn ask(contents: &[u8]) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("hostile.mmdb");
    fs::write(&path, contents).expect("writable");
    let Ok(db) = Database::open(&path, read) else {
        return;
    };
    for text in [
        "1.2.3.4",
        "192.0.2.1",
        "255.255.255.255",
        "2001:db8::1",
        "::",
        "ffff::",
    ] {
        let address = address(text);
        let place = db.place(address);
        assert!(
            place
                .coordinates
                .is_none_or(|(a, b)| a.is_finite() && b.is_finite())
        );
        db.country_name(address);
        db.autonomous_system(address);
    }
}

fn size() -> impl Strategy<Value = u16> {
    prop::sample::select(vec![24, 28, 32])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn cut_anywhere(size in size(), at: prop::sample::Index, tail: bool) {
        let bytes = mmdb(size);
        let at = at.index(bytes.len());
        ask(if tail { &bytes[at..] } else { &bytes[..at] });
    }

    #[test]
    fn flipped_bits(
        size in size(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u32..8), 1..20),
    ) {
        let mut bytes = mmdb(size);
        let length = bytes.len();
        for (index, bit) in flips {
            bytes[index.index(length)] ^= 1 << bit;
        }
        ask(&bytes);
    }

    /// Most flips hit the tree; here they hit records and metadata.
    #[test]
    fn flipped_bits_behind_the_tree(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = mmdb(24);
        let metadata = bytes.windows(14).position(|w| w == b"\xab\xcd\xefMaxMind.com");
        let data = metadata.expect("has metadata") - 200;
        let length = bytes.len() - data;
        for (index, byte) in flips {
            bytes[data + index.index(length)] = byte;
        }
        ask(&bytes);
    }

    #[test]
    fn metadata_alone(noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = noise.clone();
        bytes.extend(b"\xab\xcd\xefMaxMind.com");
        bytes.extend(noise);
        ask(&bytes);
    }
}
