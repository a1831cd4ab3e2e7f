//! A row of an answer.

use crate::ConnectionError;
use std::error::Error;
use tokio_postgres::types::{FromSql, WasNull};

/// A row, read column by column. Sites change their tables: what is not of the type that is asked for is an
/// error that names the column, and never a panic.
#[derive(Debug)]
pub struct Row(tokio_postgres::Row);

impl Row {
    pub(crate) fn all(rows: Vec<tokio_postgres::Row>) -> Vec<Self> {
        rows.into_iter().map(Self).collect()
    }

    /// The value of the `index`th column, the first of which is 0. NULL is the `None` of an [`Option`].
    ///
    /// # Errors
    /// If there is no such column, or it is NULL or of a type that is none for `T`.
    pub fn get<'r, T: FromSql<'r>>(&'r self, index: usize) -> Result<T, ConnectionError> {
        self.0.try_get(index).map_err(|error| {
            let Some(column) = self.0.columns().get(index) else {
                return ConnectionError::column(error.to_string());
            };
            let (name, type_name) = (column.name(), column.type_().name());
            ConnectionError::column(match error.source() {
                Some(source) if source.is::<WasNull>() => format!("column {name} is NULL"),
                _ => format!("column {name} is of type {type_name}, which does not suit it"),
            })
        })
    }

    /// What `read` makes of each of the rows of a table.
    ///
    /// # Errors
    /// The first of `read`, with the name of the table.
    pub fn each<T, C: FromIterator<T>>(
        table: &str,
        rows: &[Self],
        read: impl FnMut(&Self) -> Result<T, ConnectionError>,
    ) -> Result<C, ConnectionError> {
        let read: Result<C, _> = rows.iter().map(read).collect();
        read.map_err(|error| error.in_table(table))
    }

    /// The first column of the first row; `None` if there is no row.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn first<'r, T: FromSql<'r>>(rows: &'r [Self]) -> Result<Option<T>, ConnectionError> {
        rows.first().map(|row| row.get(0)).transpose()
    }
}
