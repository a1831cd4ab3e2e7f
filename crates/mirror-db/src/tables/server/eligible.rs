//! The mirrors that clients may be sent to.

use crate::own_query::mirrors::mirror_row;
use background::LogLevel;
use metrics::Step;
use mirror_selection::{Mirror, MirrorRow};
use pg::{DbError, Statement, text_columns};
use tokio_postgres::Row;

/// `enabled` is the administrator's switch, `status_baseurl` that of the mirror probe.
pub(crate) fn select() -> String {
    let columns = MirrorRow::COLUMNS.join(", ");
    format!("SELECT {columns} FROM server WHERE enabled AND status_baseurl AND score > 0")
}

/// A number that changes with each change of a row: every version of a row has its own place and
/// transaction.
pub(super) const FINGERPRINT: &str = "\
SELECT count(*) || '/' || coalesce(sum(hashtext(xmin::text || ctid::text)::bigint), 0) \
FROM server";

/// Asks for all of them; [`read`] takes the rows.
pub fn statement() -> Statement {
    Statement::new("the list of mirrors", select(), 0).counted_as(Step::Mirrors)
}

/// Asks for one text that changes with every change of a row.
pub fn fingerprint() -> Statement {
    Statement::new("the check of mirrors", FINGERPRINT, 0)
}

/// Reads the rows of a mirror query; those that cannot be used are left out. `say` hears once of each
/// mirror whose URL is none that clients can be sent to.
pub fn read(
    statement: &Statement,
    rows: &[Row],
    say: impl Fn(LogLevel, &str),
) -> Result<Vec<Mirror>, DbError> {
    let mut mirrors = Vec::with_capacity(rows.len());
    for row in rows {
        let columns = text_columns(statement, row)?;
        if columns.len() < MirrorRow::OWN_COLUMNS {
            return Err(DbError::query_failed(format!(
                "{}: {} columns instead of {}",
                statement.name(),
                columns.len(),
                MirrorRow::OWN_COLUMNS
            )));
        }
        let row = mirror_row(&columns);
        if row.has_foreign_url() {
            let mirror = row.identifier.unwrap_or_default();
            if statement.complains_of(mirror) {
                let name = statement.name();
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
