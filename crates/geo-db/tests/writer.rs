//! What the writer makes, others can read.

mod common;

use std::process::Command;

use common::{address, city, database};
use geo_db::writer::{Error, Value, Writer};
use ipnet::IpNet;
use mirror_selection::Code;
use proptest::prelude::*;

fn code(number: u8) -> String {
    format!(
        "{}{}",
        char::from(b'a' + number / 26),
        char::from(b'a' + number % 26)
    )
}

fn flat(number: u8) -> Value {
    Value::map([("country_code", code(number))])
}

fn network() -> impl Strategy<Value = IpNet> {
    // Few first bits, so that networks lie in each other.
    prop_oneof![
        (0_u32..16, 0_u8..=32)
            .prop_map(|(n, len)| (std::net::Ipv4Addr::from(n << 28 | n), len).try_into_net()),
        (1_u128..16, 4_u8..=128)
            .prop_map(|(n, len)| (std::net::Ipv6Addr::from(n << 124 | n), len).try_into_net()),
    ]
}

trait IntoNet {
    fn try_into_net(self) -> IpNet;
}

impl<A: Into<std::net::IpAddr>> IntoNet for (A, u8) {
    fn try_into_net(self) -> IpNet {
        IpNet::new(self.0.into(), self.1).expect("a valid length")
    }
}

proptest! {
    #[test]
    fn the_longest_network_answers(
        entries in prop::collection::vec((network(), 0_u8..200), 1..30),
        size in prop::sample::select(vec![24_u16, 28, 32]),
    ) {
        let writer = Writer::new("flat").record_size(size);
        let writer = entries.iter().fold(writer, |w, (net, n)| w.insert(&net.to_string(), flat(*n)));
        let db = database(&writer);
        for (net, _) in &entries {
            for address in [net.network(), net.addr(), net.broadcast()] {
                let holds = entries.iter().filter(|(other, _)| other.contains(&address));
                // Of equal ones `max_by_key` takes the last, as the writer does.
                let best = holds.max_by_key(|(other, _)| other.prefix_len());
                let expected = best.and_then(|(_, n)| Code::parse(&code(*n)));
                prop_assert_eq!(db.place(address).country, expected, "{}", address);
            }
        }
    }
}

#[test]
fn long_and_short_values_survive() {
    for length in [0, 1, 28, 29, 284, 285, 65_820, 65_821, 100_000] {
        let name = "x".repeat(length);
        let record = Value::map([
            (
                "padding",
                Value::Array(vec![Value::Bytes(vec![7; 300]), true.into(), (-1).into()]),
            ),
            ("country_name", name.as_str().into()),
        ]);
        let db = database(&Writer::new("flat").insert("192.0.2.0/24", record));
        let expected = Some(name).filter(|name| !name.is_empty());
        assert_eq!(db.country_name(address("192.0.2.1")), expected, "{length}");
    }
}

#[test]
fn mistakes_are_named() {
    let text = |writer: Writer| writer.to_bytes().expect_err("a mistake").to_string();
    let new = || Writer::new("flat");
    let wrong = new().insert("192.0.2.0", flat(1));
    assert_eq!(
        text(wrong),
        "\"192.0.2.0\" is no network such as 192.0.2.0/24"
    );
    let mixed = new().ipv4_only().insert("2001:db8::/32", flat(1));
    assert_eq!(
        text(mixed),
        "2001:db8::/32 does not fit into a file of IPv4 addresses"
    );
    assert!(matches!(
        new().record_size(25).to_bytes(),
        Err(Error::RecordSize(25))
    ));
    let large = Value::Bytes(vec![0; 1 << 24]);
    let large = new()
        .insert("192.0.2.0/24", large)
        .insert("192.0.3.0/24", flat(1));
    assert!(matches!(large.to_bytes(), Err(Error::RecordSize(24))));
}

/// MaxMind's own reader, where it is installed (Debian: mmdb-bin).
#[test]
fn mmdblookup_reads_it() {
    if Command::new("mmdblookup")
        .arg("--version")
        .output()
        .is_err()
    {
        eprintln!("skipped: mmdblookup is not installed");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("test.mmdb");
    for size in [24, 28, 32] {
        Writer::new("GeoLite2-City")
            .record_size(size)
            .build_epoch(1_700_000_000)
            .insert("192.0.2.0/24", city("DE", "Germany", "EU", 52.52, 13.405))
            .insert("2001:db8::/32", city("JP", "Japan", "AS", 35.7, 139.7))
            .write_to(&path)
            .expect("writable");
        let lookup = |ip: &str, field: [&str; 2]| {
            let output = Command::new("mmdblookup")
                .args(["--file", &path.to_string_lossy(), "--ip", ip])
                .args(field)
                .output()
                .expect("runs");
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        assert_eq!(
            lookup("192.0.2.1", ["country", "iso_code"]),
            "\"DE\" <utf8_string>"
        );
        assert_eq!(
            lookup("2001:db8::1", ["country", "iso_code"]),
            "\"JP\" <utf8_string>"
        );
        assert_eq!(
            lookup("192.0.2.1", ["location", "longitude"]),
            "13.405000 <double>"
        );
        assert_eq!(lookup("192.0.3.1", ["country", "iso_code"]), "");
    }
}
