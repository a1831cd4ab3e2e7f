//! What the database says.

use super::fields;
use mirror_selection::{Client, Code, Distance, Extent, Mirror, Region, select};
use tokio_postgres::types::{Kind, Type};

/// A column of any type: the first byte chooses the type, the others are what the server sent.
pub fn columns(input: &[u8]) {
    let Some((&choice, raw)) = input.split_first() else {
        return;
    };
    let ip4r = |name: &str| Type::new(name.to_owned(), 99_999, Kind::Simple, "public".to_owned());
    let types = [
        Type::BOOL,
        Type::INT2,
        Type::INT4,
        Type::INT8,
        Type::FLOAT4,
        Type::FLOAT8,
        Type::NUMERIC,
        Type::TEXT,
        Type::BYTEA,
        Type::INET,
        Type::CIDR,
        Type::JSONB,
        Type::INT2_ARRAY,
        Type::INT4_ARRAY,
        Type::INT8_ARRAY,
        Type::TEXT_ARRAY,
        ip4r("ip4"),
        ip4r("ip6r"),
        ip4r("ipaddress"),
        ip4r("iprange"),
    ];
    if let Some(ty) = types.get(usize::from(choice) % types.len()) {
        mirror_db::fuzzing::read_column(ty, raw);
    }
}

/// Rows of a mirror query, as text: sixteen fields each. `NULL` is NULL.
pub fn mirrors(input: &[u8]) {
    let text: Vec<Option<String>> = fields(input)
        .map(|field| (field != b"NULL").then(|| String::from_utf8_lossy(field).into_owned()))
        .collect();
    let (rows, _) = text.as_chunks::<16>();
    let mirrors: Vec<Mirror> = rows
        .iter()
        .filter_map(|row| mirror_db::fuzzing::read_mirror(row))
        .collect();
    for mirror in &mirrors {
        assert!(mirror.score >= 1 && mirror.base_url.ends_with('/'));
        assert!(mirror.latitude.is_finite() && mirror.longitude.is_finite());
    }
    for coordinates in [None, Some((52.5, 13.4)), Some((-0.001, 179.9))] {
        let client = Client {
            address: "192.0.2.1".parse().ok(),
            country: Code::parse("de"),
            region: Region::parse("eu"),
            asn: Some(64500),
            coordinates,
            accuracy_radius: Some(f64::from(input.len() as u32)),
        };
        for distance in [Distance::Planar, Distance::GreatCircle] {
            rank(&mirrors, &client, distance, input.len());
        }
    }
}

/// Every usable mirror once, none for somebody else, whatever the numbers.
fn rank(mirrors: &[Mirror], client: &Client, distance: Distance, seed: usize) {
    let mut random = fastrand::Rng::with_seed(seed as u64);
    let mut draw = || random.u64(..);
    let all = select(
        mirrors,
        &[],
        client,
        1 << 20,
        distance,
        &mut draw,
        Extent::All,
    );
    assert!(all.ranked().len() <= mirrors.len());
    assert_eq!(all.target().is_some(), !all.ranked().is_empty());
    for choice in all.ranked() {
        let mirror = choice.mirror();
        let foreign = mirror.country != Code::WILDCARD
            && client.country != Some(mirror.country)
            && mirror.other_countries.is_empty();
        let own_network = mirror.asn == client.asn || !mirror.prefixes.is_empty();
        assert!(
            !(mirror.country_only && foreign) || own_network,
            "{mirror:?}"
        );
    }
    let first = select(
        mirrors,
        &[],
        client,
        1 << 20,
        distance,
        &mut draw,
        Extent::Top(2),
    );
    assert_eq!(first.target().is_some(), all.target().is_some());
}
