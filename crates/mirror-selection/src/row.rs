//! A mirror as a query gives it.

/// A value of a column as text; `None` if the column is NULL, or is not there.
trait Value<'a>: Sized {
    fn read(text: &'a str) -> Option<Self>;
}

impl<'a> Value<'a> for &'a str {
    fn read(text: &'a str) -> Option<Self> {
        Some(text)
    }
}

impl Value<'_> for f64 {
    fn read(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl Value<'_> for i64 {
    /// A whole number; `12.0`, as a column of type numeric may write it, is one, too.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let whole = match text.split_once('.') {
            Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole,
            Some(_) => return None,
            None => text,
        };
        whole.parse().ok()
    }
}

macro_rules! columns {
    ($($field:ident: $kind:ty, $column:literal;)*) => {
        /// A row of the mirror query, column by column as the database has it; `None` is NULL.
        ///
        /// The four booleans are text, true if it starts with `t` or `1`, since a site's own query may
        /// give them any type.
        #[derive(Clone, Copy, Debug, Default)]
        #[expect(missing_docs, reason = "each field is the column of that name")]
        pub struct MirrorRow<'a> {
            $(pub $field: Option<$kind>,)*
        }

        impl<'a> MirrorRow<'a> {
            /// The columns of the table `server` that are read. A site's own query gives the first
            /// [`OWN_COLUMNS`](Self::OWN_COLUMNS) of them, in this order.
            pub const COLUMNS: &'static [&'static str] = &[$($column),*];

            /// Reads a row whose columns are texts, in the order of [`COLUMNS`](Self::COLUMNS). Columns
            /// that are not there are NULL.
            pub fn read(columns: impl IntoIterator<Item = Option<&'a str>>) -> Self {
                let mut columns = columns.into_iter();
                // The fields of a structure are made in the order in which they are written.
                Self {
                    $($field: columns.next().flatten().and_then(Value::read),)*
                }
            }
        }
    };
}

// A new column goes to the end: rows are read in this order, and a site's own query gives the first of them.
columns! {
    id: i64, "id";
    identifier: &'a str, "identifier";
    region: &'a str, "region";
    country: &'a str, "country";
    latitude: f64, "lat";
    longitude: f64, "lng";
    asn: i64, "asn";
    prefix: &'a str, "prefix";
    score: i64, "score";
    base_url: &'a str, "baseurl";
    region_only: &'a str, "region_only";
    country_only: &'a str, "country_only";
    as_only: &'a str, "as_only";
    prefix_only: &'a str, "prefix_only";
    other_countries: &'a str, "other_countries";
    file_max_size: i64, "file_maxsize";
    operator_name: &'a str, "operator_name";
    operator_url: &'a str, "operator_url";
}

impl MirrorRow<'_> {
    /// How many columns a site's own query gives, as the original's did.
    pub const OWN_COLUMNS: usize = 16;

    /// Whether there is a base URL that clients must not be sent to: not one of http, https or ftp. A
    /// browser would run `javascript:`, and `file:` is the client's own.
    pub fn has_foreign_url(&self) -> bool {
        let begins = |url: &str, scheme: &str| {
            let start = url.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        self.base_url.is_some_and(|url| {
            !url.is_empty()
                && !["http://", "https://", "ftp://"]
                    .iter()
                    .any(|scheme| begins(url, scheme))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_in_order_and_numbers_as_numeric_writes_them() {
        let columns = MirrorRow::COLUMNS.iter().map(|name| match *name {
            "id" => Some(" 7.00 "),
            "lat" => Some("51.5"),
            "score" => Some("1.5"),
            "country" => Some("DE"),
            _ => None,
        });
        // The last ones are not there.
        let row = MirrorRow::read(columns.take(MirrorRow::OWN_COLUMNS));
        assert_eq!(
            (row.id, row.latitude, row.score),
            (Some(7), Some(51.5), None)
        );
        assert_eq!((row.country, row.longitude), (Some("DE"), None));
    }

    #[test]
    fn a_sites_own_query_ends_with_the_largest_file() {
        let last = MirrorRow::COLUMNS.get(MirrorRow::OWN_COLUMNS - 1);
        assert_eq!(last, Some(&"file_maxsize"));
    }
}
