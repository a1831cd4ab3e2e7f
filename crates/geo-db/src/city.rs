//! All that a record says of where an address is, for people and for tables of mirrors.

use std::net::IpAddr;

use maxminddb::{LookupResult, PathElement, path};
use serde::Serialize;

use crate::{Database, record};
use places::continent_of;

/// Where an address is, as the file says it. What it does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct City {
    /// The continent, such as `EU`; derived from the country where the file has none.
    pub continent: Option<String>,
    /// ISO 3166-1 alpha-2, such as `DE`.
    pub country: Option<String>,
    /// The part of the country by ISO 3166-2, without the country.
    pub region_code: Option<String>,
    /// Its English name.
    pub region: Option<String>,
    /// The English name of the city.
    pub city: Option<String>,
    /// Latitude and longitude in degrees, with all the places that the file has; both are finite.
    pub coordinates: Option<(f64, f64)>,
}

impl<S: AsRef<[u8]>> Database<S> {
    /// Where an address is. `None` if the file has nothing about it.
    pub fn city(&self, address: IpAddr) -> Option<City> {
        let record = self.record(address)?;
        let text = |paths: &[&[PathElement<'_>]]| record::text(&record, paths).map(str::to_owned);
        let country = text(&[&path!["country", "iso_code"], &path!["country_code"]]);
        let continent = text(&[&path!["continent", "code"], &path!["continent_code"]]);
        let derived = || Some(continent_of(country.as_deref()?)?.code().to_owned());
        Some(City {
            continent: continent.or_else(derived),
            region_code: text(&[&path!["subdivisions", 0, "iso_code"]]),
            region: text(&[&path!["subdivisions", 0, "names", "en"], &path!["region"]]),
            city: text(&[&path!["city", "names", "en"], &path!["city"]]),
            coordinates: coordinates(&record),
            country,
        })
    }
}

fn coordinates<S: AsRef<[u8]>>(record: &LookupResult<'_, S>) -> Option<(f64, f64)> {
    let number = |paths: &[&[PathElement<'_>]]| record::number(record, paths);
    let latitude = number(&[&path!["location", "latitude"], &path!["latitude"]])?;
    let longitude = number(&[&path!["location", "longitude"], &path!["longitude"]])?;
    (latitude.is_finite() && longitude.is_finite()).then_some((latitude, longitude))
}
