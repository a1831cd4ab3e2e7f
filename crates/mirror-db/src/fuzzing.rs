//! Doors to the readers of rows, for the fuzzer: a row itself comes only out of a connection.

use crate::own_query::mirrors;
use crate::tables::hash::decode::Bytes;
use crate::tables::hash::lookup::Ids;
use mirror_selection::Mirror;
use pg::TextValue;
use tokio_postgres::types::{FromSql, Type};

/// Reads a column in each way that a statement may ask for.
pub fn read_column(ty: &Type, raw: &[u8]) {
    if TextValue::accepts(ty) {
        let _ = TextValue::from_sql(ty, raw);
    }
    if Bytes::accepts(ty)
        && let Ok(bytes) = Bytes::from_sql(ty, raw)
    {
        let _ = (bytes.digest::<16>(), bytes.digest::<32>());
    }
    if Ids::accepts(ty) {
        let _ = Ids::from_sql(ty, raw);
    }
}

/// Reads a row of a mirror query.
pub fn read_mirror(columns: &[Option<String>]) -> Option<Mirror> {
    Mirror::from_row(&mirrors::mirror_row(columns))
}
