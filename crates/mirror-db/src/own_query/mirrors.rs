//! The mirrors of a file by a site's own query.

use super::CustomQuery;
use metrics::Step;
use mirror_selection::MirrorRow;
use pg::Statement;

/// The columns of a mirror query, by position.
pub(crate) const COLUMNS: usize = 16;

/// The query. `server::eligible::read` takes its rows.
pub fn statement(query: &CustomQuery) -> Statement {
    let statement = query.statement("MirrorBrainDBDQuery");
    statement.with_columns(COLUMNS).counted_as(Step::Files)
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
