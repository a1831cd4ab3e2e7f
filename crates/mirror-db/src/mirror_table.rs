//! Rows of mirrors, from the table `server` or a site's own query.

use crate::{DbError, LogLevel, pool::text_columns, statement::Statement};
use mirror_selection::{Mirror, MirrorRow};
use tokio_postgres::Row;

/// The columns of a mirror query, by position.
pub(crate) const COLUMNS: usize = 16;

/// Reads the rows of a mirror query; those that cannot be used are left out. The built-in one tells the
/// operator's name and page behind the columns that a site's own query has. `say` hears once of each
/// mirror whose URL is none that clients can be sent to.
pub(crate) fn read(
    statement: &Statement,
    rows: &[Row],
    say: impl Fn(LogLevel, &str),
) -> Result<Vec<Mirror>, DbError> {
    let mut mirrors = Vec::with_capacity(rows.len());
    for row in rows {
        let columns = text_columns(statement, row)?;
        let Some((columns, operator)) = columns.split_first_chunk::<COLUMNS>() else {
            return Err(DbError::query_failed(format!(
                "{}: {} columns instead of {COLUMNS}",
                statement.name,
                columns.len()
            )));
        };
        let operator = |index: usize| operator.get(index).and_then(Option::as_deref);
        let row = MirrorRow {
            operator_name: operator(0),
            operator_url: operator(1),
            ..mirror_row(columns)
        };
        if row.has_foreign_url() {
            let mirror = row.identifier.unwrap_or_default();
            if statement.complains_of(mirror) {
                let name = statement.name;
                let text = format!(
                    "{name}: \"{mirror}\" is no mirror: its baseurl is no URL of http, https or ftp"
                );
                say(LogLevel::Warning, &text);
            }
        }
        mirrors.extend(Mirror::from_row(&row));
    }
    Ok(mirrors)
}

/// The columns as the selection reads them.
pub(crate) fn mirror_row(columns: &[Option<String>; COLUMNS]) -> MirrorRow<'_> {
    let [
        id,
        identifier,
        region,
        country,
        latitude,
        longitude,
        asn,
        prefix,
        score,
        base_url,
        region_only,
        country_only,
        as_only,
        prefix_only,
        other_countries,
        file_max_size,
    ] = columns.each_ref().map(Option::as_deref);
    MirrorRow {
        id: id.and_then(integer),
        identifier,
        region,
        country,
        latitude: latitude.and_then(|text| text.trim().parse().ok()),
        longitude: longitude.and_then(|text| text.trim().parse().ok()),
        asn: asn.and_then(integer),
        prefix,
        score: score.and_then(integer),
        base_url,
        region_only,
        country_only,
        as_only,
        prefix_only,
        other_countries,
        file_max_size: file_max_size.and_then(integer),
        ..MirrorRow::default()
    }
}

/// A whole number; `12.0`, as a column of type numeric may write it, is one, too.
fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    whole.parse().ok()
}
