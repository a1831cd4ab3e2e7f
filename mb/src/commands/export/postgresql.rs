//! Statements that make the mirrors anew.

use mirror_db::tables::server::{Decimal, Server};

const COLUMNS: &str = "identifier, baseurl, baseurl_ftp, baseurl_rsync, enabled, status_baseurl, \
     region, country, asn, prefix, score, comment, operator_name, operator_url, public_notes, \
     admin, admin_email, lat, lng, country_only, region_only, as_only, prefix_only, \
     other_countries, file_maxsize, scan_fpm";

/// One for each mirror.
pub(super) fn statements(mirrors: &[Server]) -> Vec<String> {
    let statement = |mirror: &Server| {
        let values = values(mirror).join(", ");
        format!("INSERT INTO server ({COLUMNS}) VALUES ({values});")
    };
    mirrors.iter().map(statement).collect()
}

fn values(mirror: &Server) -> [String; 26] {
    let degrees = |decimal: &Option<Decimal>| {
        // As the original writes what it does not know.
        decimal
            .as_ref()
            .map_or("0".to_owned(), |decimal| decimal.0.clone())
    };
    [
        literal(&mirror.identifier),
        literal(&mirror.baseurl),
        literal(&mirror.baseurl_ftp),
        literal(&mirror.baseurl_rsync),
        mirror.enabled.to_string(),
        mirror.status_baseurl.to_string(),
        literal(&mirror.region),
        literal(&mirror.country),
        mirror.asn.to_string(),
        literal(&mirror.prefix),
        mirror.score.to_string(),
        literal(&mirror.comment),
        literal(&mirror.operator_name),
        literal(&mirror.operator_url),
        literal(&mirror.public_notes),
        literal(&mirror.admin),
        literal(&mirror.admin_email),
        degrees(&mirror.lat),
        degrees(&mirror.lng),
        mirror.country_only.to_string(),
        mirror.region_only.to_string(),
        mirror.as_only.to_string(),
        mirror.prefix_only.to_string(),
        literal(&mirror.other_countries),
        mirror.file_maxsize.to_string(),
        mirror.scan_fpm.to_string(),
    ]
}

/// A string of standard SQL, in which a backslash is one; that it is one is PostgreSQL's default
/// (`standard_conforming_strings`).
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
