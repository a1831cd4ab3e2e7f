//! Where answers come from.

mod databases;
mod file;
mod query;
mod shared;

use apache::{Child, Networks};
use std::net::IpAddr;

pub use databases::Databases;
pub use file::FileSource;
pub use query::QuerySource;
pub use shared::{SharedSource, fallback, file_name};

/// Prefix and AS number as the source writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// `PFX`
    pub prefix: String,
    /// `ASN`
    pub asn: String,
}

/// One of the three.
pub enum Source {
    /// The table `pfx2asn`, in memory that the children share.
    Shared(SharedSource),
    /// `ASLookupQuery`, or the table `pfx2asn` row by row
    Query(QuerySource),
    /// `ASLookupDatabase`
    File(FileSource),
}

impl Source {
    /// The network of an address.
    pub fn find(&self, address: IpAddr) -> Option<Network> {
        match self {
            Self::Shared(source) => source.find(address),
            Self::Query(source) => source.find(address),
            Self::File(source) => source.find(address),
        }
    }

    /// The table in memory, if that is what answers.
    pub fn networks(&self) -> Option<Networks> {
        match self {
            Self::Shared(source) => source.networks(),
            Self::Query(_) | Self::File(_) => None,
        }
    }

    /// Starts what runs beside the requests; once in each child.
    pub fn start(&self, child: Child<'_>, databases: &mut Databases) {
        match self {
            Self::Shared(source) => source.start(child, databases),
            Self::Query(source) => source.start(databases),
            Self::File(source) => source.start(child, databases.log()),
        }
    }

    /// Ends it.
    pub fn stop(&self) {
        match self {
            Self::Shared(source) => source.stop(),
            Self::Query(_) | Self::File(_) => {}
        }
    }
}
