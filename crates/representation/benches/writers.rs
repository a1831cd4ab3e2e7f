//! What each answer costs to write, for a file on 150 mirrors with 6,000 pieces.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use mirror_selection::{
    Client, Code, Distance, Extent, Mirror, MirrorRow, Region, Selection, select,
};
use representation::query::QueryArguments;
use representation::redirect::Redirect;
use representation::{
    Behind, ClientInfo, Document, File, Hashes, Representation, Site, Sources, Zsync, accept,
    suffix,
};
use sha1::{Digest as _, Sha1};

const SIZE: u64 = 1_500_000_000;
const NAME: &str = "distribution-42.1-amd64-netinst.iso";
const ORIGIN: &str = "https://download.example.org";
const PLACES: [(&str, &str, f64, f64); 5] = [
    ("eu", "de", 51.3, 9.5),
    ("eu", "fr", 48.8, 2.3),
    ("na", "us", 37.7, -97.8),
    ("as", "jp", 35.6, 139.7),
    ("oc", "au", -33.8, 151.2),
];

fn mirrors() -> Vec<Mirror> {
    let place = |id: i64| PLACES[usize::try_from(id).unwrap_or_default() % PLACES.len()];
    let mirror = |id: i64| {
        let (region, country, latitude, longitude) = place(id);
        Mirror::from_row(&MirrorRow {
            id: Some(id),
            identifier: Some(&format!("mirror{id}.example.org")),
            region: Some(region),
            country: Some(country),
            latitude: Some(latitude + id as f64 / 100.0),
            longitude: Some(longitude),
            score: Some(100),
            base_url: Some(&format!("https://mirror{id}.example.org/pub/distribution/")),
            file_max_size: Some(0),
            ..MirrorRow::default()
        })
    };
    (0..150).filter_map(mirror).collect()
}

fn hashes(pieces: &[u8], sums: &[u8]) -> Hashes<'static> {
    let head = format!(
        "d6:lengthi{SIZE}e6:md5sum32:{}4:name{}:{NAME}12:piece lengthi262144e6:pieces{}:",
        "11".repeat(16),
        NAME.len(),
        pieces.len()
    );
    let (sha1, sha256) = ([0x22; 20], [0x33; 32]);
    let info = [
        head.as_bytes(),
        pieces,
        b"4:sha120:",
        &sha1,
        b"6:sha25632:",
        &sha256,
        b"e",
    ]
    .concat();
    Hashes {
        md5: Some([0x11; 16]),
        sha1: Some(sha1),
        sha256: Some(sha256),
        sha512: None,
        btih: Some(Sha1::digest(info).into()),
        has_pieces: true,
        signed: true,
        has_zsync: true,
        piece_length: 262_144,
        pieces: pieces.len() as u64,
        pgp: "-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\n",
        zsync: Zsync {
            block_size: 4096,
            hash_lengths: "2,3,5",
            sums: sums.len() as u64,
        },
    }
}

/// With the escaping of the file's names, as each request does it.
fn redirect(c: &mut Criterion, key: &str, hashes: &Hashes<'_>, selection: &Selection<'_>) {
    let path = format!("/{key}");
    c.bench_function("redirect", |b| {
        b.iter(|| {
            let file = File::new(key.as_bytes(), ORIGIN, path.as_bytes(), SIZE, 1_700_000_000);
            let Some(target) = selection.target() else {
                return;
            };
            Redirect {
                file: &file,
                hashes: Some(hashes),
                target,
                choices: selection.ranked(),
                has_tracker: true,
                stamp_key: None,
                now: 1_800_000_000,
            }
            .headers(|name, value| {
                black_box((name, value));
            });
        });
    });
}

fn writers(c: &mut Criterion) {
    let mirrors = mirrors();
    let client = Client {
        country: Code::parse("de"),
        region: Region::parse("eu"),
        coordinates: Some((52.5, 13.4)),
        ..Client::default()
    };
    let (mut random, extent) = (|| 1 << 63, Extent::All);
    let selection = select(
        &mirrors,
        &[],
        &client,
        SIZE,
        Distance::Planar,
        &mut random,
        extent,
    );
    let key = format!("release/42.1/{NAME}");
    let path = format!("/{key}");
    let (pieces, sums) = (vec![0x44; 6000 * 20], vec![0x55; 3_000_000]);
    let hashes = hashes(&pieces, &sums);
    let site = Site {
        generator: "MirrorBrain".to_owned(),
        trackers: vec!["http://tracker.example.org/announce".to_owned()],
        ..Site::default()
    };
    redirect(c, &key, &hashes, &selection);
    let file = File::new(key.as_bytes(), ORIGIN, path.as_bytes(), SIZE, 1_700_000_000);
    let document = Document {
        file: &file,
        hashes: Some(&hashes),
        client: ClientInfo {
            country: Some("DE"),
            coordinates: client.coordinates,
            ..ClientInfo::default()
        },
        sources: Sources::Mirrors(&selection),
        behind: Behind::default(),
        compatible: true,
        site: &site,
        torrent_file: false,
        broken_mirrors: None,
        page_header: None,
        page_footer: None,
        asked_name: file.name(),
        only_hash: false,
        now: 1_800_000_000,
    };
    let mut group = c.benchmark_group("answer");
    for representation in Representation::ALL {
        assert!(document.answer(representation).is_ok(), "{representation}");
        group.bench_function(BenchmarkId::from_parameter(representation), |b| {
            b.iter(|| document.answer(black_box(representation)));
        });
    }
    group.finish();
}

fn negotiation(c: &mut Criterion) {
    let accept = b"text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8";
    c.bench_function("accept of a browser", |b| {
        b.iter(|| accept::metalink(black_box(accept)))
    });
    let aria2 = b"*/*,application/metalink4+xml,application/metalink+xml";
    c.bench_function("accept of aria2", |b| {
        b.iter(|| accept::metalink(black_box(aria2)))
    });
    c.bench_function("query", |b| {
        b.iter(|| QueryArguments::parse(black_box(b"release=5.5&country=de")).representation());
    });
    c.bench_function("suffix", |b| {
        b.iter(|| suffix::strip(black_box(b"/a/b/c-1.2.iso.meta4")))
    });
}

criterion_group!(benches, writers, negotiation);
criterion_main!(benches);
