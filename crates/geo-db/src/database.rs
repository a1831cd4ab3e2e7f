//! One mmdb file and what it says about an address.

use std::fs::{File, Metadata};
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ipnet::{IpNet, Ipv4Net};
use maxminddb::{LookupResult, MaxMindDbError, PathElement, Reader, path};
use mirror_selection::{Code, Region};
use quick_cache::sync::Cache;
use thiserror::Error;

use crate::record;
use places::continent_of;

/// Brings the contents of an open file into memory, or maps them.
pub type Opener<S> = fn(&Path, &File) -> io::Result<S>;

/// Why a database cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// The file cannot be opened, or its contents cannot be read or mapped.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The contents are no MaxMind DB.
    #[error("{} is no usable mmdb file: {source}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: Box<MaxMindDbError>,
    },
}

/// Where an address is. The default knows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// The country.
    pub country: Option<Code>,
    /// The continent, derived from the country where the file has none.
    pub continent: Option<Region>,
    /// Latitude and longitude in degrees; both are finite.
    pub coordinates: Option<(f32, f32)>,
    /// How far from there the address may well be, in km; never negative.
    pub accuracy_radius: Option<f64>,
}

/// The autonomous system that announces an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutonomousSystem {
    /// Its number (RFC 6793: 32 bits), never 0.
    pub number: u32,
    /// The network of the file's record that holds the address.
    pub prefix: IpNet,
}

/// Tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl From<&Metadata> for Identity {
    fn from(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// An mmdb file, opened once.
///
/// A file that is moved away or deleted stays usable. One that is overwritten in place does not:
/// the map would show a mixture of old and new, and touching a page that was cut off raises
/// SIGBUS. So each answer begins with one `fstat`, and a file that has changed since it was
/// opened knows nothing. What remains is the time between that call and the last read, about a
/// microsecond, if the file is cut in just that moment: whoever maps files has to stand the signal.
/// To replace a database, write the new one beside it and `rename` it into place, as `geoipupdate`
/// does.
pub struct Database<S: AsRef<[u8]>> {
    reader: Reader<S>,
    file: File,
    identity: Identity,
    /// Where clients were found before: most come for more than one file.
    places: Cache<IpAddr, Place>,
}

/// Addresses whose places are remembered, in about 100 bytes each.
const PLACES: usize = 10_000;

impl<S: AsRef<[u8]>> Database<S> {
    /// Opens the file at `path`; `opener` brings its contents into memory.
    pub fn open(path: &Path, opener: Opener<S>) -> Result<Self, Error> {
        let failed = |source| Error::Open {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        // Before the contents are read: a later change is then noticed.
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(io::Error::other("not a regular file")));
        }
        let contents = opener(path, &file).map_err(failed)?;
        let reader = Reader::from_source(contents).map_err(|source| Error::Invalid {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        Ok(Self {
            reader,
            file,
            identity: Identity::from(&metadata),
            places: Cache::new(PLACES),
        })
    }

    /// When the file was made, in seconds since the epoch.
    pub fn built(&self) -> u64 {
        self.reader.metadata().build_epoch
    }

    /// Where an address is. Not known, not in the file, in a damaged part of it, in a schema that
    /// nobody uses: all the same.
    pub fn place(&self, address: IpAddr) -> Place {
        if let Some(place) = self.places.get(&address) {
            return place;
        }
        let Some(record) = self.record(address) else {
            return Place::default();
        };
        let place = place(&record);
        self.places.insert(address, place);
        place
    }

    /// The English name of the country that an address is in.
    pub fn country_name(&self, address: IpAddr) -> Option<String> {
        let record = self.record(address)?;
        let paths: [&[PathElement<'_>]; 2] =
            [&path!["country", "names", "en"], &path!["country_name"]];
        record::text(&record, &paths).map(str::to_owned)
    }

    /// The autonomous system of an address.
    pub fn autonomous_system(&self, address: IpAddr) -> Option<AutonomousSystem> {
        let address = address.to_canonical();
        let record = self.record(address)?;
        let number = record::number(&record, &[&path!["autonomous_system_number"]])?;
        // A cast saturates; what is no 32-bit number does not survive the way there and back.
        let number = Some(number as u32).filter(|&n| n != 0 && f64::from(n) == number)?;
        let network = record.network().ok()?;
        let prefix = IpNet::new(network.ip(), network.prefix()).ok()?;
        // A record that holds more than all of IPv4 is given as an IPv6 network.
        let whole = matches!((address, prefix), (IpAddr::V4(_), IpNet::V6(_)));
        let prefix = if whole {
            IpNet::V4(Ipv4Net::default())
        } else {
            prefix
        };
        Some(AutonomousSystem { number, prefix })
    }

    /// Whether the file is still as it was when it was opened.
    pub(crate) fn is_intact(&self) -> bool {
        self.file
            .metadata()
            .is_ok_and(|metadata| Identity::from(&metadata) == self.identity)
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    pub(crate) fn record(&self, address: IpAddr) -> Option<LookupResult<'_, S>> {
        if !self.is_intact() {
            return None;
        }
        self.reader
            .lookup(address.to_canonical())
            .ok()
            .filter(LookupResult::has_data)
    }
}

fn place<S: AsRef<[u8]>>(record: &LookupResult<'_, S>) -> Place {
    let text = |paths: &[&[PathElement<'_>]]| record::text(record, paths);
    let number = |paths: &[&[PathElement<'_>]]| record::number(record, paths);
    let country =
        text(&[&path!["country", "iso_code"], &path!["country_code"]]).and_then(Code::parse);
    let continent = text(&[&path!["continent", "code"], &path!["continent_code"]]);
    let continent = continent.or_else(|| Some(continent_of(country.as_ref()?.as_str())?.code()));
    let latitude = number(&[&path!["location", "latitude"], &path!["latitude"]]);
    let longitude = number(&[&path!["location", "longitude"], &path!["longitude"]]);
    let coordinates = latitude.zip(longitude).and_then(|(latitude, longitude)| {
        let pair = (latitude as f32, longitude as f32);
        (pair.0.is_finite() && pair.1.is_finite()).then_some(pair)
    });
    let radius = number(&[
        &path!["location", "accuracy_radius"],
        &path!["accuracy_radius"],
    ]);
    Place {
        country,
        continent: continent.and_then(Region::parse),
        coordinates,
        accuracy_radius: radius.filter(|radius| radius.is_finite() && *radius >= 0.0),
    }
}
