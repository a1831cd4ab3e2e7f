//! What the tests build their mirrors and clients from.
#![allow(dead_code, reason = "each test binary uses a part")]

use mirror_selection::*;

/// A mirror of score 100 without restrictions.
pub fn mirror(id: i64, region: &str, country: &str) -> Mirror {
    Mirror::from_row(&MirrorRow {
        id: Some(id),
        identifier: Some("mirror.example.org"),
        region: Some(region),
        country: Some(country),
        score: Some(100),
        base_url: Some("http://mirror.example.org/"),
        file_max_size: Some(0),
        ..MirrorRow::default()
    })
    .expect("a usable row")
}

/// A mirror with a score.
pub fn scored(id: i64, score: u32) -> Mirror {
    Mirror {
        score,
        ..mirror(id, "eu", "de")
    }
}

/// A client by country and continent.
pub fn client(country: &str, region: &str) -> Client {
    Client {
        country: Code::parse(country),
        region: Region::parse(region),
        ..Client::default()
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a small generator that passes statistical tests.
pub fn generator(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Ranks all mirrors for a file of a million bytes, by planar distance.
pub fn rank<'a>(
    mirrors: &'a [Mirror],
    fallbacks: &'a [Mirror],
    client: &'a Client,
) -> Selection<'a> {
    let mut random = generator(1);
    select(
        mirrors,
        fallbacks,
        client,
        1_000_000,
        Distance::Planar,
        &mut random,
        Extent::All,
    )
}

/// The ids of the ranked mirrors.
pub fn ids(selection: &Selection<'_>) -> Vec<i64> {
    selection
        .ranked()
        .iter()
        .map(|choice| choice.mirror().id)
        .collect()
}
