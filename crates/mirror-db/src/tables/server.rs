//! `server`: one row per mirror.

mod column;
pub mod eligible;

pub use column::Column;

use pg::{Connection, ConnectionError, Parameter, Row};
use serde::{Serialize, Serializer};

/// The rows in a form that does not need the column `ipv6_only`, which tables from our own
/// schema.sql did not have at first: without it the name means that of the first sub-select.
macro_rules! select {
    ($where:literal, $order:literal) => {
        concat!(
            "SELECT s.* FROM (SELECT false AS ipv6_only) AS without_the_column CROSS JOIN LATERAL \
             (SELECT id, identifier, operator_name, operator_url, baseurl, baseurl_ftp, \
             baseurl_rsync, region, country, asn::bigint, prefix, lat::text, lng::text, \
             region_only, country_only, as_only, prefix_only, ipv6_only, other_countries, \
             file_maxsize::bigint, public_notes, score::integer, enabled, status_baseurl, admin, \
             admin_email, comment, scan_fpm, \
             to_char(last_scan AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS last_scan, \
             ctid AS place FROM server ",
            $where,
            ") AS s ORDER BY ",
            $order
        )
    };
}

const ALL: &str = select!("", "s.id");
const BY_ID: &str = select!("WHERE id = $1", "s.id");
const WITH_IDS: &str = select!("WHERE id = ANY ($1)", "s.id");
const NAMED: &str = select!("WHERE identifier = $1", "s.id");
const NAMED_LIKE: &str = select!("WHERE identifier LIKE '%' || $1 || '%'", "s.id");
const IN_COUNTRY: &str = select!("WHERE country LIKE '%' || $1 || '%'", "s.id");
const IN_REGION: &str = select!("WHERE region LIKE '%' || $1 || '%'", "s.id");
const IN_TABLE_ORDER: &str = select!("", "s.place");
const BY_PLACE: &str = select!("", "s.region, s.country, s.operator_name, s.id");

const INSERT: &str = "\
INSERT INTO server (identifier, operator_name, operator_url, baseurl, baseurl_ftp, baseurl_rsync,
       region, country, asn, prefix, lat, lng, region_only, country_only, as_only, prefix_only,
       score, admin, admin_email, comment, enabled, status_baseurl, scan_fpm, public_notes,
       other_countries, file_maxsize)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::bigint, $10, $11::text::numeric, $12::text::numeric,
       $13, $14, $15, $16, $17::integer, $18, $19, $20, false, false, 0, '', '', 0)
RETURNING id";

const ADD_COMMENT: &str = "\
UPDATE server SET comment = coalesce(comment, '') || E' \\n\\n' || $2::text WHERE id = $1";

const LOCK: &str = "SELECT FROM server WHERE id = $1 FOR UPDATE";

const DELETE: &str = "DELETE FROM server WHERE id = $1";

const SET_SCANNED: &str = "UPDATE server SET last_scan = now(), scan_fpm = $2 WHERE id = $1";

pub(super) const STATEMENTS: &[&str] = &[
    eligible::FINGERPRINT,
    ALL,
    BY_ID,
    WITH_IDS,
    NAMED,
    NAMED_LIKE,
    IN_COUNTRY,
    IN_REGION,
    IN_TABLE_ORDER,
    BY_PLACE,
    INSERT,
    ADD_COMMENT,
    LOCK,
    DELETE,
    SET_SCANNED,
    Column::Identifier.update(),
    Column::OperatorName.update(),
    Column::OperatorUrl.update(),
    Column::Baseurl.update(),
    Column::BaseurlFtp.update(),
    Column::BaseurlRsync.update(),
    Column::Region.update(),
    Column::Country.update(),
    Column::Asn.update(),
    Column::Prefix.update(),
    Column::Lat.update(),
    Column::Lng.update(),
    Column::RegionOnly.update(),
    Column::CountryOnly.update(),
    Column::AsOnly.update(),
    Column::PrefixOnly.update(),
    Column::OtherCountries.update(),
    Column::FileMaxsize.update(),
    Column::PublicNotes.update(),
    Column::Score.update(),
    Column::Enabled.update(),
    Column::StatusBaseurl.update(),
    Column::Admin.update(),
    Column::AdminEmail.update(),
    Column::Comment.update(),
];

/// A number with its decimal places as the database has them, such as `-95.620`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal(pub String);

impl Decimal {
    /// Its value.
    pub fn value(&self) -> Option<f64> {
        self.0.parse().ok()
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

/// A row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Server {
    /// In the arrays of `filearr`.
    pub id: i32,
    /// The name that administrators use, often the host's.
    pub identifier: String,
    /// Who runs it.
    pub operator_name: String,
    /// Their home page.
    pub operator_url: String,
    /// What clients are sent to: HTTP, HTTPS or FTP.
    pub baseurl: String,
    /// For scanning.
    pub baseurl_ftp: String,
    /// For scanning.
    pub baseurl_rsync: String,
    /// The continent, two letters in lower case.
    pub region: String,
    /// ISO 3166-1 alpha-2 in lower case; `**` for everywhere.
    pub country: String,
    /// The autonomous system that it is in; 0 if not known.
    pub asn: i64,
    /// The network that it is in; empty if not known.
    pub prefix: String,
    /// Degrees, north positive.
    pub lat: Option<Decimal>,
    /// Degrees, east positive.
    pub lng: Option<Decimal>,
    /// Only for clients on the same continent.
    pub region_only: bool,
    /// Only for clients in the same country.
    pub country_only: bool,
    /// Only for clients in the same autonomous system.
    pub as_only: bool,
    /// Only for clients in the same network.
    pub prefix_only: bool,
    /// Its host has no IPv4 address.
    pub ipv6_only: bool,
    /// Countries that it serves like its own, separated by commas.
    pub other_countries: String,
    /// The largest file that it is asked for, in bytes; 0 for any.
    pub file_maxsize: i64,
    /// For readers of the list of mirrors.
    pub public_notes: String,
    /// Its weight; 0 takes it out.
    pub score: i32,
    /// Switched by the administrator.
    pub enabled: bool,
    /// Whether it answered when it was probed last.
    pub status_baseurl: bool,
    /// A person.
    pub admin: String,
    /// Where that person can be reached.
    pub admin_email: String,
    /// For administrators.
    pub comment: String,
    /// Files per minute at the last scan.
    pub scan_fpm: i32,
    /// When it was scanned last (RFC 3339); `None` for never.
    pub last_scan: Option<String>,
}

impl Server {
    fn of(row: &Row) -> Result<Self, ConnectionError> {
        Ok(Self {
            id: row.get(0)?,
            identifier: row.get(1)?,
            operator_name: row.get(2)?,
            operator_url: row.get(3)?,
            baseurl: row.get(4)?,
            baseurl_ftp: row.get(5)?,
            baseurl_rsync: row.get(6)?,
            region: row.get(7)?,
            country: row.get(8)?,
            asn: row.get(9)?,
            prefix: row.get(10)?,
            lat: row.get::<Option<String>>(11)?.map(Decimal),
            lng: row.get::<Option<String>>(12)?.map(Decimal),
            region_only: row.get(13)?,
            country_only: row.get(14)?,
            as_only: row.get(15)?,
            prefix_only: row.get(16)?,
            ipv6_only: row.get(17)?,
            other_countries: row.get(18)?,
            file_maxsize: row.get(19)?,
            public_notes: row.get(20)?,
            score: row.get(21)?,
            enabled: row.get(22)?,
            status_baseurl: row.get(23)?,
            admin: row.get(24)?,
            admin_email: row.get(25)?,
            comment: row.get(26)?,
            scan_fpm: row.get(27)?,
            last_scan: row.get(28)?,
        })
    }
}

fn select(
    connection: &mut Connection,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Vec<Server>, ConnectionError> {
    let rows = connection.query(sql, parameters)?;
    Row::each("server", &rows, Server::of)
}

/// All of them, by id.
///
/// # Errors
/// Those of the database, here and below.
pub fn all(connection: &mut Connection) -> Result<Vec<Server>, ConnectionError> {
    select(connection, ALL, &[])
}

/// All of them, in the order of the table: those last that were changed last.
pub fn in_table_order(connection: &mut Connection) -> Result<Vec<Server>, ConnectionError> {
    select(connection, IN_TABLE_ORDER, &[])
}

/// All of them, by region, country and operator, in the order of the database's language.
pub fn by_place(connection: &mut Connection) -> Result<Vec<Server>, ConnectionError> {
    select(connection, BY_PLACE, &[])
}

/// The one with that id.
pub fn by_id(connection: &mut Connection, id: i32) -> Result<Option<Server>, ConnectionError> {
    Ok(select(connection, BY_ID, &[&id])?.pop())
}

/// Those with one of the ids, by id.
pub fn with_ids(connection: &mut Connection, ids: &[i32]) -> Result<Vec<Server>, ConnectionError> {
    select(connection, WITH_IDS, &[&ids])
}

/// The one of exactly that name.
pub fn named(connection: &mut Connection, name: &str) -> Result<Option<Server>, ConnectionError> {
    Ok(select(connection, NAMED, &[&name])?.pop())
}

/// The one of that name, else all whose names contain it, by id. `%` and `_` are SQL's LIKE's.
pub fn matching(connection: &mut Connection, part: &str) -> Result<Vec<Server>, ConnectionError> {
    match named(connection, part)? {
        Some(server) => Ok(vec![server]),
        None => select(connection, NAMED_LIKE, &[&part]),
    }
}

/// Those whose country contains the text, by id.
pub fn in_country(connection: &mut Connection, part: &str) -> Result<Vec<Server>, ConnectionError> {
    select(connection, IN_COUNTRY, &[&part])
}

/// Those whose region contains the text, by id.
pub fn in_region(connection: &mut Connection, part: &str) -> Result<Vec<Server>, ConnectionError> {
    select(connection, IN_REGION, &[&part])
}

/// Sets one column of a row; `None` is NULL. The text is read as the column's type. Whether there is such a
/// row.
pub fn set(
    connection: &mut Connection,
    id: i32,
    column: Column,
    value: Option<&str>,
) -> Result<bool, ConnectionError> {
    let changed = connection.execute(column.update(), &[&id, &value])?;
    Ok(changed > 0)
}

/// Adds a text to the comment of a row, behind an empty line, whatever the comment is by now. Whether there
/// is such a row.
pub fn add_comment(
    connection: &mut Connection,
    id: i32,
    text: &str,
) -> Result<bool, ConnectionError> {
    let changed = connection.execute(ADD_COMMENT, &[&id, &text])?;
    Ok(changed > 0)
}

/// Keeps others from changing a row until the transaction ends, and reads it.
pub fn lock(connection: &mut Connection, id: i32) -> Result<Option<Server>, ConnectionError> {
    connection.execute(LOCK, &[&id])?;
    by_id(connection, id)
}

/// Makes a row, which is neither enabled nor known to be alive, and returns its id. Of the given
/// one the columns count that an administrator states.
pub fn insert(connection: &mut Connection, new: &Server) -> Result<i32, ConnectionError> {
    let text = |decimal: &Option<Decimal>| decimal.as_ref().map(|decimal| decimal.0.clone());
    let parameters: [Parameter<'_>; 20] = [
        &new.identifier,
        &new.operator_name,
        &new.operator_url,
        &new.baseurl,
        &new.baseurl_ftp,
        &new.baseurl_rsync,
        &new.region,
        &new.country,
        &new.asn,
        &new.prefix,
        &text(&new.lat),
        &text(&new.lng),
        &new.region_only,
        &new.country_only,
        &new.as_only,
        &new.prefix_only,
        &new.score,
        &new.admin,
        &new.admin_email,
        &new.comment,
    ];
    let rows = connection.query(INSERT, &parameters)?;
    let id = pg::Row::first(&rows)?.unwrap_or_default();
    if new.ipv6_only {
        set(connection, id, Column::Ipv6Only, Some("true"))?;
    }
    Ok(id)
}

/// Removes a row. Its id stays in `filearr`: see [`forget_mirror`](super::filearr::forget_mirror).
pub fn delete(connection: &mut Connection, id: i32) -> Result<bool, ConnectionError> {
    let deleted = connection.execute(DELETE, &[&id])?;
    Ok(deleted > 0)
}

/// Records that a mirror was scanned just now, with so many files a minute.
pub fn set_scanned(
    connection: &mut Connection,
    id: i32,
    files_per_minute: i32,
) -> Result<(), ConnectionError> {
    connection
        .execute(SET_SCANNED, &[&id, &files_per_minute])
        .map(drop)
}
