//! A mirror as `mb show` prints it and `mb edit` reads it.

mod edited;

pub use edited::{Text, TextError, to_edit};

use crate::error::Failure;
use crate::python::flag;
use mirror_db::tables::columns::Columns;
use mirror_db::tables::server::{self, Column, Server};
use pg::Connection;
use std::fmt::Write;

/// Stands above and below the comment.
pub(crate) const COMMENT_MARK: &str = "---------- comments ----------";

/// What a field is called, and how it is shown.
pub(crate) type Field = (&'static str, fn(&Server) -> String);

/// The fields in the order in which they are shown.
pub(crate) const FIELDS: [Field; 24] = [
    ("identifier", |m| m.identifier.clone()),
    ("operatorName", |m| m.operator_name.clone()),
    ("operatorUrl", |m| m.operator_url.clone()),
    ("baseurl", |m| m.baseurl.clone()),
    ("baseurlFtp", |m| m.baseurl_ftp.clone()),
    ("baseurlRsync", |m| m.baseurl_rsync.clone()),
    ("region", |m| m.region.clone()),
    ("country", |m| m.country.clone()),
    ("asn", |m| m.asn.to_string()),
    ("prefix", |m| m.prefix.clone()),
    ("lat,lng", coordinates),
    ("regionOnly", |m| flag(m.region_only).to_owned()),
    ("countryOnly", |m| flag(m.country_only).to_owned()),
    ("asOnly", |m| flag(m.as_only).to_owned()),
    ("prefixOnly", |m| flag(m.prefix_only).to_owned()),
    ("ipv6Only", |m| flag(m.ipv6_only).to_owned()),
    ("otherCountries", |m| m.other_countries.clone()),
    ("fileMaxsize", |m| m.file_maxsize.to_string()),
    ("publicNotes", |m| m.public_notes.clone()),
    ("score", |m| m.score.to_string()),
    ("enabled", |m| flag(m.enabled).to_owned()),
    ("statusBaseurl", |m| flag(m.status_baseurl).to_owned()),
    ("admin", |m| m.admin.clone()),
    ("adminEmail", |m| m.admin_email.clone()),
];

/// Both coordinates; what is not known is `None`.
fn coordinates(mirror: &Server) -> String {
    let text = |decimal: &Option<server::Decimal>| {
        let text = decimal.as_ref().map(|decimal| decimal.0.clone());
        text.unwrap_or_else(|| "None".to_owned())
    };
    format!("{},{}", text(&mirror.lat), text(&mirror.lng))
}

/// All of it, with a line feed at the end.
pub(crate) fn show(mirror: &Server) -> String {
    show_without(mirror, &[])
}

/// The same without some of the fields.
pub(crate) fn show_without(mirror: &Server, left_out: &[&str]) -> String {
    let mut text = String::new();
    for (name, value) in FIELDS {
        if !left_out.contains(&name) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name:<15}: {}", value(mirror));
        }
    }
    let comment = &mirror.comment;
    let _ = writeln!(text, "{COMMENT_MARK}\n{comment}\n{COMMENT_MARK}");
    text
}

/// Whether a mirror may get this name.
pub(crate) fn check_name(connection: &mut Connection, name: &str) -> Result<(), Failure> {
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(Failure::new(format!("{name:?} is no name for a mirror")));
    }
    match server::named(connection, name)? {
        Some(_) => Err(Failure::new(format!("there is already a mirror {name}"))),
        None => Ok(()),
    }
}

/// Whether a column holds a text.
pub(crate) fn check_width(columns: &Columns, column: Column, text: &str) -> Result<(), Failure> {
    let length = text.chars().count();
    match columns.width(column.name()) {
        Some(width) if length > width => Err(Failure::new(format!(
            "{} has {length} characters, but the database holds {width}",
            column.name()
        ))),
        _ => Ok(()),
    }
}
