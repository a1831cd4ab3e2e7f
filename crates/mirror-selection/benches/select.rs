//! The cost of one selection, by number of mirrors: what every redirect pays.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mirror_selection::*;

const PLACES: [(&str, &str, f64, f64); 8] = [
    ("eu", "de", 51.3, 9.5),
    ("eu", "fr", 48.8, 2.3),
    ("eu", "cz", 50.0, 14.4),
    ("na", "us", 37.7, -97.8),
    ("na", "ca", 45.4, -75.7),
    ("as", "jp", 35.6, 139.7),
    ("sa", "br", -15.7, -47.9),
    ("oc", "au", -33.8, 151.2),
];

fn mirrors(count: u32) -> Vec<Mirror> {
    let places = PLACES.iter().cycle();
    (0..count)
        .zip(places)
        .filter_map(|(n, &(region, country, latitude, longitude))| {
            let prefix = format!("10.{}.{}.0/24", n / 256, n % 256);
            Mirror::from_row(&MirrorRow {
                id: Some(i64::from(n)),
                identifier: Some("mirror.example.org"),
                region: Some(region),
                country: Some(country),
                latitude: Some(latitude + f64::from(n % 61) / 20.0),
                longitude: Some(longitude + f64::from(n % 37) / 12.0),
                asn: Some(i64::from(n % 300 + 1)),
                prefix: Some(&prefix),
                score: Some(i64::from(n % 4 * 50 + 50)),
                base_url: Some("http://mirror.example.org/pub/"),
                other_countries: Some(if n % 16 == 0 { "sk,hu" } else { "" }),
                file_max_size: Some(0),
                ..MirrorRow::default()
            })
        })
        .collect()
}

fn benchmark(c: &mut Criterion) {
    let known = Client {
        address: "192.0.2.7".parse().ok(),
        country: Code::parse("DE"),
        region: Region::parse("EU"),
        asn: Some(64500),
        coordinates: Some((52.5, 13.4)),
        accuracy_radius: None,
    };
    let without_place = Client {
        coordinates: None,
        ..known.clone()
    };
    let unknown = Client {
        address: known.address,
        ..Client::default()
    };
    let clients = [
        ("place", &known),
        ("country", &without_place),
        ("unknown", &unknown),
    ];

    let mut group = c.benchmark_group("select");
    for count in [10, 160, 2000] {
        let table = MirrorTable::new(mirrors(count));
        let all = (0..count).collect();
        group.throughput(Throughput::Elements(u64::from(count)));
        for (knows, client) in clients {
            for (name, extent) in [("top6", Extent::Top(6)), ("all", Extent::All)] {
                let mut state = 1_u64;
                let mut random = || {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    state
                };
                group.bench_function(BenchmarkId::new(format!("{name}/{knows}"), count), |b| {
                    b.iter(|| {
                        let selection = select(
                            black_box(Candidates::Table(&table, &all)),
                            &[],
                            black_box(client),
                            1 << 30,
                            Distance::Planar,
                            &mut random,
                            extent,
                        );
                        selection.target().map(|choice| choice.mirror().id)
                    });
                });
            }
        }
    }
    group.finish();
}

/// All candidates in the client's country: what a spread costs beside the order by distance.
fn one_group(c: &mut Criterion) {
    let client = Client {
        address: "192.0.2.7".parse().ok(),
        country: Code::parse("DE"),
        region: Region::parse("EU"),
        coordinates: Some((52.5, 13.4)),
        ..Client::default()
    };
    let mut group = c.benchmark_group("one_group");
    for count in [30, 160] {
        let mut mirrors = mirrors(count);
        for mirror in &mut mirrors {
            mirror.country = Code::of_mirror("de");
        }
        let table = MirrorTable::new(mirrors);
        let all = (0..count).collect();
        for (name, spread) in [
            ("off", Spread::Off),
            ("near", Spread::Near { km: 300 }),
            ("cache", Spread::Cache { km: 300 }),
        ] {
            let (mut state, mut number) = (1_u64, 0_u32);
            let mut random = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state
            };
            group.bench_function(BenchmarkId::new(name, count), |b| {
                b.iter(|| {
                    number = number.wrapping_add(1);
                    let order = Order {
                        spread,
                        file: FileKey::of(&number.to_le_bytes()),
                        ..Order::default()
                    };
                    let candidates = black_box(Candidates::Table(&table, &all));
                    let client = black_box(&client);
                    let top = Extent::Top(6);
                    let selection =
                        select(candidates, &[], client, 1 << 30, order, &mut random, top);
                    selection.target().map(|choice| choice.mirror().id)
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, benchmark, one_group);
criterion_main!(benches);
