//! What is known about who asks.

use std::net::IpAddr;

use crate::{Code, Region};

/// A client, as far as it is known. The default knows nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Client {
    /// The address. An IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2) counts as the IPv4 one.
    pub address: Option<IpAddr>,
    /// The country.
    pub country: Option<Code>,
    /// The continent.
    pub region: Option<Region>,
    /// The number of the autonomous system (RFC 6793: 32 bits).
    pub asn: Option<u32>,
    /// Latitude and longitude in degrees, see [`places::parse_coordinates`].
    pub coordinates: Option<(f32, f32)>,
    /// How far from there the client may well be, in km, as databases of places say.
    pub accuracy_radius: Option<f64>,
}

impl Client {
    /// The country, unless it is one of the ways to say that it is not known.
    pub(crate) fn known_country(&self) -> Option<Code> {
        self.country.filter(|&code| code != Code::UNKNOWN)
    }

    /// Puts the client into another country, as `?country=` asks for. The continent follows from
    /// the country; the coordinates are those of where the client really is, and go.
    pub fn move_to(&mut self, country: Code, region: Option<Region>) {
        self.country = Some(country);
        self.region = region;
        self.coordinates = None;
        self.accuracy_radius = None;
    }
}
