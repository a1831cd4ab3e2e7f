//! What the file says about an address, in each schema.

mod common;

use common::{address, city, database};
use geo_db::writer::{Value, Writer};
use geo_db::{AutonomousSystem, Place};
use mirror_selection::{Code, Region};

fn germany() -> Place {
    Place {
        country: Code::parse("de"),
        continent: Region::parse("eu"),
        coordinates: Some((52.52, 13.405)),
        accuracy_radius: None,
    }
}

#[test]
fn city_schema() {
    let db = database(
        &Writer::new("GeoLite2-City")
            .insert("192.0.2.0/24", city("DE", "Germany", "EU", 52.52, 13.405))
            .insert("2001:db8::/32", city("JP", "Japan", "AS", 35.7, 139.7)),
    );
    assert_eq!(db.place(address("192.0.2.77")), germany());
    assert_eq!(db.place(address("::ffff:192.0.2.77")), germany());
    assert_eq!(
        db.country_name(address("192.0.2.77")).as_deref(),
        Some("Germany")
    );
    assert_eq!(db.place(address("2001:db8::1")).country, Code::parse("jp"));
    for unknown in ["192.0.3.1", "2001:db9::1", "::1"] {
        assert_eq!(db.place(address(unknown)), Place::default());
        assert_eq!(db.country_name(address(unknown)), None);
    }
}

#[test]
fn country_schema_without_coordinates() {
    let country = Value::map([("country", Value::map([("iso_code", "DE")]))]);
    let db = database(&Writer::new("GeoLite2-Country").insert("192.0.2.0/24", country));
    let place = db.place(address("192.0.2.1"));
    assert_eq!(
        place,
        Place {
            coordinates: None,
            ..germany()
        },
        "the continent follows"
    );
}

#[test]
fn flat_schema() {
    for (latitude, longitude) in [
        (Value::from(52.52_f32), Value::from(13.405_f32)),
        (Value::from(52.52_f64), Value::from(13.405_f64)),
        (Value::from("52.52"), Value::from("13.405")),
    ] {
        let record = Value::map([
            ("country_code", Value::from("DE")),
            ("latitude", latitude),
            ("longitude", longitude),
        ]);
        let db = database(&Writer::new("dbip-city").insert("192.0.2.0/24", record));
        assert_eq!(db.place(address("192.0.2.1")), germany());
    }
}

#[test]
fn integers_are_coordinates_too() {
    let record = Value::map([
        ("latitude", Value::Signed32(-33)),
        ("longitude", Value::Unsigned16(151)),
    ]);
    let db = database(&Writer::new("flat").insert("192.0.2.0/24", record));
    assert_eq!(
        db.place(address("192.0.2.1")).coordinates,
        Some((-33.0, 151.0))
    );
}

#[test]
fn as_schema() {
    let system = |number: u32| {
        Value::map([
            ("autonomous_system_number", Value::from(number)),
            ("autonomous_system_organization", Value::from("Example")),
        ])
    };
    let db = database(
        &Writer::new("GeoLite2-ASN")
            .insert("198.51.0.0/16", system(64500))
            .insert("198.51.100.0/24", system(4_200_000_000))
            .insert("2001:db8::/32", system(64501))
            .insert("203.0.113.0/24", system(0)),
    );
    for (text, number, prefix) in [
        ("198.51.100.7", 4_200_000_000, "198.51.100.0/24"),
        ("198.51.1.7", 64500, "198.51.0.0/18"), // the part of /16 that /24 left whole
        ("::ffff:198.51.100.7", 4_200_000_000, "198.51.100.0/24"),
        ("2001:db8:1::1", 64501, "2001:db8::/32"),
    ] {
        let prefix = prefix.parse().expect("a prefix");
        let expected = Some(AutonomousSystem { number, prefix });
        assert_eq!(db.autonomous_system(address(text)), expected, "{text}");
    }
    for unknown in ["203.0.113.1", "203.0.114.1", "::1"] {
        assert_eq!(db.autonomous_system(address(unknown)), None, "{unknown}");
    }
}

#[test]
fn an_as_number_has_32_bits() {
    for value in [
        Value::from(4_294_967_296_u64),
        Value::Signed32(-1),
        Value::from(1.5_f64),
        Value::from(f64::NAN),
        Value::from("none"),
        Value::map([("number", 1_u32)]),
    ] {
        let record = Value::map([("autonomous_system_number", value.clone())]);
        let db = database(&Writer::new("ASN").insert("192.0.2.0/24", record));
        assert_eq!(
            db.autonomous_system(address("192.0.2.1")),
            None,
            "{value:?}"
        );
    }
}

#[test]
fn values_of_other_types_are_missing() {
    for record in [
        Value::map([("country", "DE"), ("location", "here"), ("continent", "")]),
        Value::map([("country", Value::map([("iso_code", 276_u32)]))]),
        Value::map([
            ("country_code", "DEU"),
            ("latitude", "north"),
            ("longitude", "NaN"),
        ]),
        Value::map([("latitude", f64::INFINITY), ("longitude", 1e300)]),
        Value::from("text"),
        Value::Array(vec![]),
    ] {
        let db = database(&Writer::new("flat").insert("192.0.2.0/24", record.clone()));
        assert_eq!(
            db.place(address("192.0.2.1")),
            Place::default(),
            "{record:?}"
        );
        assert_eq!(db.country_name(address("192.0.2.1")), None);
        assert_eq!(db.autonomous_system(address("192.0.2.1")), None);
    }
}

#[test]
fn a_file_of_ipv4_addresses_knows_no_ipv6() {
    let db = database(
        &Writer::new("GeoLite2-City")
            .ipv4_only()
            .insert("192.0.2.0/24", city("DE", "Germany", "EU", 52.52, 13.405)),
    );
    assert_eq!(db.place(address("192.0.2.1")), germany());
    assert_eq!(db.place(address("2001:db8::1")), Place::default());
}

#[test]
fn a_record_for_all_addresses_holds_all_of_ipv4() {
    let record = Value::map([("autonomous_system_number", 64500_u32)]);
    let db = database(&Writer::new("ASN").insert("::/0", record));
    for (text, prefix) in [("192.0.2.1", "0.0.0.0/0"), ("8000::1", "8000::/1")] {
        let system = db.autonomous_system(address(text)).expect("found");
        assert_eq!(
            (system.number, system.prefix.to_string().as_str()),
            (64500, prefix)
        );
    }
}
