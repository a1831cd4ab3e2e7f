//! Where addresses are, and what networks they belong to.

use crate::error::Failure;
use crate::session::{Session, warn};
use geo_db::{City, Database};
use mirror_db::tables::pfx2asn::{self, Network};
use mirror_db::tables::place_name;
use pg::{Connection, SqlState};
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;

/// A geo database in memory.
type GeoDb = Database<Vec<u8>>;

/// What is known of addresses here.
pub struct Places {
    cities: Option<GeoDb>,
    networks: Networks,
}

/// Where networks are looked up.
enum Networks {
    Table,
    File(Box<GeoDb>),
    Nowhere,
}

/// Opens an mmdb file.
///
/// # Errors
/// If it is missing or is none.
pub fn open(path: &Path) -> Result<GeoDb, Failure> {
    let read = |_: &Path, mut file: &File| {
        let mut contents = Vec::new();
        file.read_to_end(&mut contents)?;
        Ok(contents)
    };
    Database::open(path, read).map_err(|e| Failure::new(e.to_string()))
}

impl Places {
    /// Opens what the configuration names. A file that cannot be used is told, and then nothing is
    /// known from it.
    ///
    /// # Errors
    /// Those of configuration and database.
    pub fn of(session: &mut Session) -> Result<Self, Failure> {
        let config = session.config()?;
        let (city_db, asn_db) = (config.city_db.clone(), config.asn_db.clone());
        let open_or_warn = |path: &Path| open(path).map_err(warn).ok();
        let networks = if pfx2asn::exists(session.connection()?)? {
            Networks::Table
        } else {
            let file = asn_db.as_deref().and_then(open_or_warn);
            file.map_or(Networks::Nowhere, |file| Networks::File(Box::new(file)))
        };
        Ok(Self {
            cities: open_or_warn(&city_db),
            networks,
        })
    }

    /// The smallest network that holds an address.
    ///
    /// # Errors
    /// Those of the database.
    pub fn network(
        &self,
        connection: &mut Connection,
        address: IpAddr,
    ) -> Result<Option<Network>, Failure> {
        match &self.networks {
            Networks::Table => match pfx2asn::look_up(connection, address) {
                // The column is an ip4r, and the address is not.
                Err(error) if error.code() == Some(&SqlState::INVALID_TEXT_REPRESENTATION) => {
                    Ok(None)
                }
                found => Ok(found?),
            },
            Networks::File(database) => {
                let found = database.autonomous_system(address);
                Ok(found.map(|system| Network {
                    prefix: system.prefix.to_string(),
                    asn: system.number.into(),
                }))
            }
            Networks::Nowhere => Ok(None),
        }
    }

    /// All networks of an autonomous system; only the table can tell.
    ///
    /// # Errors
    /// Those of the database.
    pub fn networks_of(
        &self,
        connection: &mut Connection,
        asn: i64,
    ) -> Result<Vec<String>, Failure> {
        match self.networks {
            Networks::Table => Ok(pfx2asn::networks(connection, asn)?),
            _ => Ok(Vec::new()),
        }
    }

    /// Where an address is.
    pub fn city(&self, address: IpAddr) -> City {
        let found = self.cities.as_ref().and_then(|cities| cities.city(address));
        found.unwrap_or_default()
    }
}

/// Degrees with the three places that the database keeps, as Python 2 rounds them: what lies exactly in
/// the middle goes away from zero, where Rust's `{:.3}` takes the even neighbour.
pub fn rounded(degrees: f64) -> f64 {
    // In the middle are odd multiples of 1/16 only: nothing else is both binary and a half thousandth.
    let is_in_the_middle = (degrees * 16.0).fract() == 0.0 && (degrees * 8.0).fract() != 0.0;
    let degrees = if is_in_the_middle {
        degrees + 0.0001_f64.copysign(degrees)
    } else {
        degrees
    };
    format!("{degrees:.3}").parse().unwrap_or(degrees)
}

/// Whether a mirror can be in this country: a code of ISO 3166-1, one that the table of countries
/// has, or `**` for everywhere.
///
/// # Errors
/// If it cannot, and those of the database.
pub fn check_country(connection: &mut Connection, code: &str) -> Result<(), Failure> {
    if code == "**" || places::continent_of(code).is_some() {
        return Ok(());
    }
    if place_name::countries(connection)?.contains_key(&code.to_lowercase()) {
        return Ok(());
    }
    Err(Failure::new(format!("\"{code}\" is no country"))
        .hint("countries have two letters, such as de (ISO 3166-1); ** is everywhere"))
}

/// Whether a mirror can be in this region: a continent, or what the table of regions has.
///
/// # Errors
/// If it cannot, and those of the database.
pub fn check_region(connection: &mut Connection, code: &str) -> Result<(), Failure> {
    let lower = code.to_lowercase();
    if code == "**"
        || places::Continent::parse(code).is_some()
        || place_name::regions(connection)?.contains_key(&lower)
    {
        return Ok(());
    }
    Err(Failure::new(format!("\"{code}\" is no region"))
        .hint("regions are af, an, as, eu, na, oc, sa, and what the table region has"))
}
