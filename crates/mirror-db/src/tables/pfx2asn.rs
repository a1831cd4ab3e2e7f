//! `pfx2asn`: which network and which autonomous system an address belongs to.
//!
//! Its column `pfx` is an `iprange` (mod_asn 1.7 and later) or an `ip4r`; PostgreSQL reads a
//! parameter as whichever it is compared with.

use pg::{Connection, ConnectionError, Row, TextParam};
use serde::Serialize;
use std::net::IpAddr;

const EXISTS: &str = "SELECT to_regclass('pfx2asn') IS NOT NULL";

/// `@` is the number of addresses, so the smallest network comes first.
const LOOK_UP: &str = "\
SELECT pfx::text, asn::bigint FROM pfx2asn WHERE pfx >>= $1 ORDER BY @ pfx LIMIT 1";

/// In the order of the table, as it was filled.
const NETWORKS: &str = "SELECT pfx::text FROM pfx2asn WHERE asn = $1::bigint ORDER BY ctid";

pub(super) const STATEMENTS: &[&str] = &[EXISTS, LOOK_UP, NETWORKS];

/// A network and who announces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Network {
    /// In CIDR notation if it is a CIDR block, else first and last address.
    pub prefix: String,
    /// The number of the autonomous system.
    pub asn: i64,
}

/// Whether there is such a table: it comes with mod_asn, which a site may do without.
///
/// # Errors
/// Those of the database.
pub fn exists(connection: &mut Connection) -> Result<bool, ConnectionError> {
    let rows = connection.query(EXISTS, &[])?;
    Ok(Row::first(&rows)?.unwrap_or_default())
}

/// The smallest network that holds an address.
///
/// # Errors
/// Those of the database: also that the table knows no IPv6.
pub fn look_up(
    connection: &mut Connection,
    address: IpAddr,
) -> Result<Option<Network>, ConnectionError> {
    let text = address.to_canonical().to_string();
    let rows = connection.query(LOOK_UP, &[&TextParam(&text)])?;
    let networks: Vec<_> = Row::each("pfx2asn", &rows, |row| {
        Ok(Network {
            prefix: row.get(0)?,
            asn: row.get(1)?,
        })
    })?;
    Ok(networks.into_iter().next())
}

/// All networks of an autonomous system.
///
/// # Errors
/// Those of the database.
pub fn networks(connection: &mut Connection, asn: i64) -> Result<Vec<String>, ConnectionError> {
    let rows = connection.query(NETWORKS, &[&asn])?;
    Row::each("pfx2asn", &rows, |row| row.get(0))
}
