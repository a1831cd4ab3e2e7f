//! What an administrator has changed of a mirror: found, checked, and told as the original tells it.

use crate::error::Failure;
use crate::mirror_text::{FIELDS, Text, check_width};
use crate::places::{check_country, check_region};
use crate::python::{flag, repr};
use mirror_db::tables::columns::Columns;
use mirror_db::tables::server::{Column, Decimal, Server};
use pg::Connection;
use std::fmt;

/// A new value of a column.
#[derive(Debug)]
pub(super) struct Change {
    pub column: Column,
    /// `None` is NULL.
    pub value: Option<String>,
    /// The field as it is shown.
    name: &'static str,
    /// The old value as Python shows it.
    old: String,
    /// What was typed; `None` if the field was cleared.
    typed: Option<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, old, .. } = self;
        match &self.typed {
            Some(typed) => {
                let new = repr(typed.as_bytes());
                write!(f, "changing {name} from {old} to {new}")
            }
            None => write!(f, "unsetting {name} (was: {old})"),
        }
    }
}

impl Change {
    /// Sees that nobody has changed the same column since the text was made that was edited; `now` is
    /// the row as it is.
    ///
    /// # Errors
    /// If somebody has.
    pub fn is_still_about(&self, now: &Server) -> Result<(), Failure> {
        let stored = stored(self.column, now);
        if stored.as_ref().is_none_or(|stored| *stored == self.old) {
            return Ok(());
        }
        let Self { name, old, .. } = self;
        let stored = stored.unwrap_or_default();
        let sentence =
            format!("{name} was changed meanwhile, from {old} to {stored}; nothing was saved");
        Err(Failure::new(sentence).hint("edit it again"))
    }
}

/// What a column holds, as Python shows it.
fn stored(column: Column, mirror: &Server) -> Option<String> {
    if column == Column::Comment {
        return Some(repr(mirror.comment.as_bytes()));
    }
    let parts = FIELDS.iter().flat_map(|(field, _)| parts(field, mirror));
    let mut parts = parts.filter(|part| part.column == column);
    parts.next().map(|part| part.old)
}

/// How a column is read.
enum Kind {
    Text,
    /// A whole number from 0 or less to the largest.
    Number(i64, i64),
    Flag,
    /// Degrees to either side.
    Degrees(f64),
}

/// What a part of a field is stored as.
struct Part {
    name: &'static str,
    column: Column,
    kind: Kind,
    /// The old value as Python shows it.
    old: String,
}

/// The changes between two texts of a mirror, in the order of the fields.
pub(super) fn between(
    mirror: &Server,
    old: &Text,
    new: &Text,
    columns: &Columns,
    connection: &mut Connection,
) -> Result<Vec<Change>, Failure> {
    let mut changes = Vec::new();
    for (field, _) in FIELDS {
        let (Some(before), Some(after)) = (old.values.get(field), new.values.get(field)) else {
            continue;
        };
        if before == after {
            continue;
        }
        let parts = parts(field, mirror);
        let (before, after) = (pieces(field, before)?, pieces(field, after)?);
        for ((part, before), after) in parts.into_iter().zip(before).zip(after) {
            if before != after {
                changes.extend(part.change(&after)?);
            }
        }
    }
    if let (Some(before), Some(after)) = (&old.comment, &new.comment)
        && before != after
    {
        let part = Part::text("comment", Column::Comment, &mirror.comment);
        changes.extend(part.change(after)?);
    }
    for change in &changes {
        check(change, columns, connection)?;
    }
    Ok(changes)
}

/// The values of a field: it has one, or two with a comma between them.
fn pieces(field: &str, value: &str) -> Result<Vec<String>, Failure> {
    let value = value.trim();
    if field != "lat,lng" {
        return Ok(vec![value.to_owned()]);
    }
    if is_empty(value) {
        return Ok(vec![String::new(), String::new()]);
    }
    match value.split_once(',') {
        Some((lat, lng)) => Ok(vec![lat.trim().to_owned(), lng.trim().to_owned()]),
        None => Err(Failure::new(format!(
            "lat,lng: \"{value}\" is not two numbers with a comma between them"
        ))),
    }
}

/// What clears a field.
fn is_empty(value: &str) -> bool {
    value.is_empty() || value == "None"
}

/// What a field is stored as; the identifier is not changed here.
fn parts(field: &'static str, mirror: &Server) -> Vec<Part> {
    const INTEGER: i64 = i32::MAX as i64;
    const SMALLINT: (i64, i64) = (i16::MIN as i64, i16::MAX as i64);
    let text = |column, old: &String| vec![Part::text(field, column, old)];
    let part = |column, kind, old: String| {
        let name = field;
        vec![Part {
            name,
            column,
            kind,
            old,
        }]
    };
    let number = |column, max, old: i64| part(column, Kind::Number(0, max), old.to_string());
    let switch = |column, old: bool| part(column, Kind::Flag, flag(old).to_owned());
    match field {
        "operatorName" => text(Column::OperatorName, &mirror.operator_name),
        "operatorUrl" => text(Column::OperatorUrl, &mirror.operator_url),
        "baseurl" => text(Column::Baseurl, &mirror.baseurl),
        "baseurlFtp" => text(Column::BaseurlFtp, &mirror.baseurl_ftp),
        "baseurlRsync" => text(Column::BaseurlRsync, &mirror.baseurl_rsync),
        "region" => text(Column::Region, &mirror.region),
        "country" => text(Column::Country, &mirror.country),
        "asn" => number(Column::Asn, INTEGER, mirror.asn),
        "prefix" => text(Column::Prefix, &mirror.prefix),
        "lat,lng" => vec![
            Part::degrees("lat", Column::Lat, 90.0, mirror.lat.as_ref()),
            Part::degrees("lng", Column::Lng, 180.0, mirror.lng.as_ref()),
        ],
        "regionOnly" => switch(Column::RegionOnly, mirror.region_only),
        "countryOnly" => switch(Column::CountryOnly, mirror.country_only),
        "asOnly" => switch(Column::AsOnly, mirror.as_only),
        "prefixOnly" => switch(Column::PrefixOnly, mirror.prefix_only),
        "ipv6Only" => switch(Column::Ipv6Only, mirror.ipv6_only),
        "otherCountries" => text(Column::OtherCountries, &mirror.other_countries),
        "fileMaxsize" => number(Column::FileMaxsize, INTEGER, mirror.file_maxsize),
        "publicNotes" => text(Column::PublicNotes, &mirror.public_notes),
        "score" => {
            let kind = Kind::Number(SMALLINT.0, SMALLINT.1);
            part(Column::Score, kind, mirror.score.to_string())
        }
        "enabled" => switch(Column::Enabled, mirror.enabled),
        "statusBaseurl" => switch(Column::StatusBaseurl, mirror.status_baseurl),
        "admin" => text(Column::Admin, &mirror.admin),
        "adminEmail" => text(Column::AdminEmail, &mirror.admin_email),
        _ => Vec::new(),
    }
}

impl Part {
    fn text(name: &'static str, column: Column, old: &str) -> Self {
        Self {
            name,
            column,
            kind: Kind::Text,
            old: repr(old.as_bytes()),
        }
    }

    fn degrees(name: &'static str, column: Column, most: f64, old: Option<&Decimal>) -> Self {
        let old = old.map(|Decimal(text)| format!("Decimal('{text}')"));
        Self {
            name,
            column,
            kind: Kind::Degrees(most),
            old: old.unwrap_or_else(|| "None".to_owned()),
        }
    }

    /// The change to what was typed, if it is one.
    fn change(self, typed: &str) -> Result<Option<Change>, Failure> {
        let is_cleared = is_empty(typed);
        let wrong =
            |wanted: String| Failure::new(format!("{}: \"{typed}\" is not {wanted}", self.name));
        let value = match self.kind {
            Kind::Text if is_cleared => Some(String::new()),
            Kind::Text => Some(typed.to_owned()),
            Kind::Number(..) if is_cleared => Some("0".to_owned()),
            Kind::Number(least, most) => match typed.parse::<i64>() {
                Ok(number) if (least..=most).contains(&number) => Some(number.to_string()),
                _ => return Err(wrong(format!("a number from {least} to {most}"))),
            },
            Kind::Flag if is_cleared => Some("false".to_owned()),
            Kind::Flag => match &*typed.to_lowercase() {
                "true" | "yes" | "on" | "1" => Some("true".to_owned()),
                "false" | "no" | "off" | "0" => Some("false".to_owned()),
                _ => return Err(wrong("True or False".to_owned())),
            },
            Kind::Degrees(_) if is_cleared => None,
            Kind::Degrees(most) => match typed.parse::<f64>() {
                Ok(degrees) if degrees.abs() <= most => Some(typed.to_owned()),
                _ => return Err(wrong(format!("a number from -{most} to {most}"))),
            },
        };
        let is_same = match (&self.kind, &value) {
            (Kind::Flag, Some(value)) => value.eq_ignore_ascii_case(&self.old),
            (Kind::Number(..), Some(value)) => *value == self.old,
            (Kind::Text, Some(value)) => repr(value.as_bytes()) == self.old,
            (_, value) => value.is_none() && self.old == "None",
        };
        Ok((!is_same).then(|| Change {
            column: self.column,
            value,
            name: self.name,
            old: self.old,
            typed: (!is_cleared).then(|| typed.to_owned()),
        }))
    }
}

/// Whether the database and the modules can do with it.
fn check(change: &Change, columns: &Columns, connection: &mut Connection) -> Result<(), Failure> {
    let value = change.value.as_deref().unwrap_or_default();
    check_width(columns, change.column, value)?;
    if !columns.has(change.column.name()) {
        return Err(Failure::new(format!(
            "the database has no column {}",
            change.column.name()
        ))
        .hint("mb db migrate adds it"));
    }
    match change.column {
        Column::Baseurl | Column::Country | Column::Region if value.is_empty() => Ok(()),
        Column::Baseurl => crate::host::host_of(value).map(drop),
        Column::Country => check_country(connection, value),
        Column::Region => check_region(connection, value),
        Column::OtherCountries => value
            .split([',', ' '])
            .filter(|code| !code.is_empty())
            .try_for_each(|code| check_country(connection, code)),
        _ => Ok(()),
    }
}
