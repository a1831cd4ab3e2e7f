//! Who asks: address, country, coordinates, network.

use crate::runtime::Runtime;
use apache::{Request, Table};
use mirror_selection::{Client, Code, Region};
use places::{Continent, continent_of, parse_coordinates};
use representation::query::QueryArguments;
use std::borrow::Cow;
use std::ffi::CStr;
use std::net::IpAddr;

/// One fact under the names that mod_geoip, its IPv6 variant and mod_maxminddb give it.
type Names = [&'static CStr; 3];

const COUNTRY_CODE: Names = [
    c"GEOIP_COUNTRY_CODE",
    c"GEOIP_COUNTRY_CODE_V6",
    c"MM_COUNTRY_CODE",
];
const COUNTRY_NAME: Names = [
    c"GEOIP_COUNTRY_NAME",
    c"GEOIP_COUNTRY_NAME_V6",
    c"MM_COUNTRY_NAME",
];
const CONTINENT_CODE: Names = [
    c"GEOIP_CONTINENT_CODE",
    c"GEOIP_CONTINENT_CODE_V6",
    c"MM_CONTINENT_CODE",
];
const LATITUDE: Names = [c"GEOIP_LATITUDE", c"GEOIP_LATITUDE_V6", c"MM_LATITUDE"];
const LONGITUDE: Names = [c"GEOIP_LONGITUDE", c"GEOIP_LONGITUDE_V6", c"MM_LONGITUDE"];

/// How a missing fact is written in environment variables.
const UNKNOWN: &str = "--";

/// What is known of the client, as text and as the selection wants it.
pub struct Who<'r> {
    /// For the selection.
    pub client: Client,
    /// The country's code as it was given; `--` if unknown.
    pub country_code: Cow<'r, str>,
    /// The continent's code as it was given or derived; `--` if unknown.
    pub continent_code: Cow<'r, str>,
    country_name: Option<&'r str>,
    /// Whether the geo database gave the country.
    placed: bool,
    /// The AS number as text.
    pub asn: Option<Cow<'r, str>>,
    /// The network prefix.
    pub prefix: Option<&'r str>,
}

/// Where the client's address was found.
pub fn address(request: Request<'_>) -> Option<IpAddr> {
    let env = request.env();
    let text = env
        .get(c"GEOIP_ADDR")
        .or_else(|| env.get(c"MMDB_ADDR"))
        .or_else(|| request.useragent_ip())?;
    // Numbers only: a name from a forged header must not make the server ask the DNS.
    let address: IpAddr = text.to_str().ok()?.trim().parse().ok()?;
    Some(address.to_canonical())
}

impl<'r> Who<'r> {
    /// Gathers the facts from the environment, the geo database and the query.
    pub fn asks(request: Request<'r>, runtime: &Runtime, query: &'r QueryArguments<'r>) -> Self {
        let address = address(request);
        let mut who = Self::from_environment(request.env(), address);
        if who.client.country.is_none() {
            who.look_up(runtime);
        }
        if let Some(country) = query.country() {
            who.pretend_country(country);
        }
        if let Some(asn) = query.asn() {
            who.client.asn = Some(asn);
            who.asn = Some(asn.to_string().into());
        }
        who
    }

    fn from_environment(env: Table<'r>, address: Option<IpAddr>) -> Self {
        let country_code = fact(env, &COUNTRY_CODE);
        let continent_code = fact(env, &CONTINENT_CODE);
        let country = country_code.and_then(Code::parse);
        let asn = text(env, c"ASN");
        let coordinates = fact(env, &LATITUDE).zip(fact(env, &LONGITUDE));
        let coordinates = coordinates.and_then(|(lat, lng)| parse_coordinates(lat, lng));
        // A radius belongs to its place.
        let radius = coordinates.and_then(|_| text(env, c"MM_ACCURACY_RADIUS"));
        let continent_code = continent_code
            .or_else(|| Some(continent_of(country.as_ref()?.as_str())?.code()))
            .unwrap_or(UNKNOWN);
        Self {
            client: Client {
                address,
                country,
                region: Region::parse(continent_code),
                asn: asn.and_then(|number| number.trim().parse().ok()),
                coordinates,
                accuracy_radius: radius.and_then(|km| km.trim().parse().ok()),
            },
            country_code: country_code.unwrap_or(UNKNOWN).into(),
            continent_code: continent_code.into(),
            country_name: fact(env, &COUNTRY_NAME),
            placed: false,
            asn: asn.map(Cow::Borrowed),
            prefix: text(env, c"PFX"),
        }
    }

    /// Completes what the environment does not tell from the geo database.
    fn look_up(&mut self, runtime: &Runtime) {
        let Some(address) = self.client.address else {
            return;
        };
        let place = runtime.place(address);
        if let Some(country) = place.country {
            self.client.country = Some(country);
            self.country_code = country.as_str().to_ascii_uppercase().into();
            self.placed = true;
        }
        if let Some(continent) = place.continent {
            self.client.region = Some(continent);
            self.continent_code = continent.as_str().to_ascii_uppercase().into();
        }
        if self.client.coordinates.is_none() {
            self.client.coordinates = place.coordinates;
            self.client.accuracy_radius = place.accuracy_radius;
        }
    }

    /// The country's name, for people.
    pub fn country_name(&self, runtime: &Runtime) -> Option<Cow<'_, str>> {
        let placed = || runtime.country_name(self.client.address.filter(|_| self.placed)?);
        self.country_name
            .map(Cow::Borrowed)
            .or_else(|| placed().map(Cow::Owned))
    }

    /// `?country=`: the client counts as being there, anywhere in it.
    fn pretend_country(&mut self, code: &'r str) {
        self.client.country = Code::parse(code);
        self.client.coordinates = None;
        let continent = self
            .client
            .country
            .and_then(|country| continent_of(country.as_str()))
            .map(Continent::code);
        self.client.region = continent.and_then(Region::parse);
        self.country_code = code.into();
        self.continent_code = continent.unwrap_or(UNKNOWN).into();
        self.country_name = None;
        self.placed = false;
    }
}

/// A variable's value, unless it says that it knows nothing.
fn text<'r>(env: Table<'r>, name: &CStr) -> Option<&'r str> {
    let value = env.get(name)?.to_str().ok()?;
    (!value.is_empty() && value != UNKNOWN).then_some(value)
}

fn fact<'r>(env: Table<'r>, names: &Names) -> Option<&'r str> {
    names.iter().find_map(|name| text(env, name))
}
