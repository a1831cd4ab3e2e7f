//! Where mirrors and clients are: some countries, weighted as mirrors are in the world.

use std::path::Path;

use fastrand::Rng;
use geo_db::writer::{Value, Writer};

/// A country that has mirrors and clients.
#[derive(Debug)]
pub struct Country {
    /// ISO 3166-1 alpha-2, lower case.
    pub code: &'static str,
    /// Continent code, lower case.
    pub region: &'static str,
    /// Degrees, north positive.
    pub latitude: f64,
    /// Degrees, east positive.
    pub longitude: f64,
    /// Share of mirrors and clients.
    weight: u32,
}

const fn country(
    code: &'static str,
    region: &'static str,
    latitude: f64,
    longitude: f64,
    weight: u32,
) -> Country {
    Country {
        code,
        region,
        latitude,
        longitude,
        weight,
    }
}

const COUNTRIES: &[Country] = &[
    country("de", "eu", 51.0, 9.0, 26),
    country("us", "na", 38.0, -97.0, 28),
    country("fr", "eu", 46.0, 2.0, 12),
    country("gb", "eu", 54.0, -2.0, 9),
    country("nl", "eu", 52.5, 5.8, 8),
    country("se", "eu", 62.0, 15.0, 6),
    country("cz", "eu", 49.8, 15.5, 6),
    country("pl", "eu", 52.0, 20.0, 5),
    country("it", "eu", 42.8, 12.8, 5),
    country("es", "eu", 40.0, -4.0, 4),
    country("ru", "eu", 60.0, 90.0, 7),
    country("ua", "eu", 49.0, 32.0, 4),
    country("ch", "eu", 47.0, 8.0, 3),
    country("at", "eu", 47.3, 13.3, 3),
    country("hu", "eu", 47.0, 20.0, 2),
    country("ro", "eu", 46.0, 25.0, 2),
    country("dk", "eu", 56.0, 10.0, 3),
    country("fi", "eu", 64.0, 26.0, 2),
    country("pt", "eu", 39.5, -8.0, 2),
    country("ca", "na", 60.0, -95.0, 5),
    country("mx", "na", 23.0, -102.0, 1),
    country("br", "sa", -10.0, -55.0, 6),
    country("cl", "sa", -30.0, -71.0, 1),
    country("ar", "sa", -34.0, -64.0, 1),
    country("jp", "as", 36.0, 138.0, 8),
    country("tw", "as", 23.5, 121.0, 4),
    country("cn", "as", 35.0, 105.0, 6),
    country("kr", "as", 37.0, 127.5, 3),
    country("in", "as", 20.0, 77.0, 4),
    country("sg", "as", 1.4, 103.8, 2),
    country("id", "as", -5.0, 120.0, 3),
    country("au", "oc", -27.0, 133.0, 4),
    country("nz", "oc", -41.0, 174.0, 1),
    country("za", "af", -29.0, 24.0, 2),
    country("ke", "af", 1.0, 38.0, 1),
];

impl Country {
    /// One of the countries, by weight.
    pub fn draw(rng: &mut Rng) -> &'static Self {
        let total: u32 = COUNTRIES.iter().map(|country| country.weight).sum();
        let mut rest = rng.u32(..total);
        COUNTRIES
            .iter()
            .find(|country| {
                let found = rest < country.weight;
                rest = rest.saturating_sub(country.weight);
                found
            })
            .unwrap_or(&COUNTRIES[0])
    }

    /// A place in the country, give or take: degrees of latitude and longitude.
    pub fn place(&self, rng: &mut Rng) -> (f64, f64) {
        let mut near = |centre: f64| ((centre + rng.f64() * 6.0 - 3.0) * 1000.0).round() / 1000.0;
        (near(self.latitude), near(self.longitude))
    }
}

/// Writes an mmdb file (City schema) that spreads the loopback network 127.0.0.0/8, where the
/// benchmark's clients come from, over the world: each /24 is a place of its own, so that a
/// look-up descends as deep as in a real file.
pub fn write_mmdb(path: &Path, rng: &mut Rng) {
    let mut writer = Writer::new("GeoLite2-City").record_size(28);
    for network in 0..=u16::MAX {
        let [high, low] = network.to_be_bytes();
        let country = Country::draw(rng);
        let (latitude, longitude) = country.place(rng);
        let code = country.code.to_ascii_uppercase();
        let value = Value::map([
            (
                "continent",
                Value::map([("code", country.region.to_ascii_uppercase())]),
            ),
            ("country", Value::map([("iso_code", code)])),
            (
                "location",
                Value::map([("latitude", latitude), ("longitude", longitude)]),
            ),
        ]);
        writer = writer.insert(&format!("127.{high}.{low}.0/24"), value);
    }
    writer.write_to(path).expect("mmdb file");
}
