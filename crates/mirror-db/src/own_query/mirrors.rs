//! The mirrors of a file by a site's own query.

use super::CustomQuery;
use metrics::Step;
use mirror_selection::MirrorRow;
use pg::Statement;

/// The query. `server::eligible::read` takes its rows.
pub fn statement(query: &CustomQuery) -> Statement {
    let statement = query.statement("MirrorBrainDBDQuery");
    statement
        .with_columns(MirrorRow::OWN_COLUMNS)
        .counted_as(Step::Files)
}

/// The columns as the selection reads them.
pub(crate) fn mirror_row(columns: &[Option<String>]) -> MirrorRow<'_> {
    MirrorRow::read(columns.iter().map(Option::as_deref))
}
