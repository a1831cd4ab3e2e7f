//! Brings the networks into the database, in one transaction.

use super::networks::Networks;
use crate::table::Range;
use background::Progress;
use mirror_db::schema;
use pg::{Connection, ConnectionError, ConnectionInfo, TextRow};
use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

/// The longest that one step may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Bytes of a piece of COPY.
const PIECE: usize = 1 << 16;

const TYPES: &str = "SELECT attname, atttypid::regtype FROM pg_attribute \
     WHERE attrelid = to_regclass('pfx2asn') AND attname IN ('pfx', 'asn')";

/// Readers go on; another import waits.
const LOCK: &str = "LOCK TABLE pfx2asn IN SHARE ROW EXCLUSIVE MODE; ANALYZE asn_import";

/// Only what differs is written: most of the table is the same from day to day, and rows that stay
/// leave no dead ones behind.
const DELETE: &str = "WITH gone AS (DELETE FROM pfx2asn old WHERE NOT EXISTS \
     (SELECT FROM asn_import new WHERE new.pfx = old.pfx AND new.asn = old.asn) RETURNING 1) \
     SELECT count(*) FROM gone";

const INSERT: &str = "WITH added AS (INSERT INTO pfx2asn (pfx, asn) \
     SELECT new.pfx, new.asn FROM asn_import new WHERE NOT EXISTS \
     (SELECT FROM pfx2asn old WHERE old.pfx = new.pfx) RETURNING 1) \
     SELECT count(*) FROM added";

/// What became of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Networks in the table now.
    pub rows: usize,
    /// Rows that went, or had another AS number.
    pub gone: u64,
    /// Rows that came, or have another AS number.
    pub added: u64,
    /// AS numbers that the column cannot hold.
    pub too_large: usize,
    /// IPv6 networks that the column cannot hold.
    pub not_ipv4: usize,
}

/// Replaces the contents of `pfx2asn`.
///
/// # Errors
/// If the database is away or refuses; the table is then as it was.
pub fn replace(
    database: &ConnectionInfo,
    networks: &Networks,
    progress: &dyn Progress,
) -> Result<Outcome, ConnectionError> {
    let mut connection = Connection::open(database, &[], PATIENCE)?;
    connection.run("BEGIN")?;
    let mut types = connection.rows(TYPES)?;
    if types.is_empty() {
        connection.run(schema::PFX2ASN)?;
        types = connection.rows(TYPES)?;
    }
    let has_type = |column: &str, name: &str| {
        types.contains(&vec![Some(column.to_owned()), Some(name.to_owned())])
    };
    let limit = if has_type("asn", "integer") {
        i32::MAX as u32
    } else {
        u32::MAX
    };
    let only_ipv4 = has_type("pfx", "ip4r");

    connection.run("CREATE TEMPORARY TABLE asn_import (LIKE pfx2asn) ON COMMIT DROP")?;
    progress.begin("sending", Some(networks.len() as u64));
    let (mut too_large, mut not_ipv4) = (0, 0);
    let mut fitting = networks.iter().filter(|(range, asn)| {
        progress.advance(1);
        let (large, v6) = (*asn > limit, only_ipv4 && matches!(range, Range::V6(..)));
        too_large += usize::from(large);
        not_ipv4 += usize::from(v6);
        !large && !v6
    });
    let copied = connection.copy_in("COPY asn_import (pfx, asn) FROM STDIN", || {
        piece(&mut fitting)
    })?;
    progress.end();
    progress.begin("updating pfx2asn", None);
    connection.run(LOCK)?;
    let gone = count(connection.rows(DELETE)?);
    let added = count(connection.rows(INSERT)?);
    connection.run("COMMIT")?;
    progress.end();
    progress.begin("vacuuming", None);
    connection.run("VACUUM ANALYZE pfx2asn")?;
    progress.end();
    Ok(Outcome {
        rows: usize::try_from(copied).unwrap_or(usize::MAX),
        gone,
        added,
        too_large,
        not_ipv4,
    })
}

/// The next lines of COPY's text format.
fn piece(networks: &mut impl Iterator<Item = (Range, u32)>) -> Option<Vec<u8>> {
    let mut text = String::with_capacity(PIECE + 100);
    while text.len() < PIECE {
        let Some((range, asn)) = networks.next() else {
            break;
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{range}\t{asn}");
    }
    (!text.is_empty()).then(|| text.into_bytes())
}

fn count(rows: Vec<TextRow>) -> u64 {
    let value = rows.into_iter().flatten().flatten().next();
    value.and_then(|text| text.parse().ok()).unwrap_or(0)
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "pfx2asn has {} networks now: {} added or changed, {} gone or changed",
            self.rows, self.added, self.gone
        )?;
        if self.too_large > 0 {
            write!(
                f,
                "\n  {} have AS numbers beyond 2147483647, which the column cannot hold; run:\n  \
                 ALTER TABLE pfx2asn ALTER COLUMN asn TYPE bigint",
                self.too_large
            )?;
        }
        if self.not_ipv4 > 0 {
            write!(
                f,
                "\n  {} are IPv6, which the column cannot hold; run:\n  \
                 ALTER TABLE pfx2asn ALTER COLUMN pfx TYPE iprange",
                self.not_ipv4
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::postgres::{Cluster, Database};

    fn import(db: &Database<'_>, lines: &[&str]) -> String {
        let mut networks = Networks::default();
        lines
            .iter()
            .for_each(|line| networks.add(line, String::new));
        let database = ConnectionInfo::parse(&db.params()).unwrap();
        match replace(&database, &networks, &()) {
            Ok(outcome) => outcome.to_string(),
            Err(error) => error.to_string(),
        }
    }

    fn rows(db: &Database<'_>) -> String {
        db.sql("SELECT pfx, asn FROM pfx2asn ORDER BY pfx")
    }

    #[test]
    fn an_import_writes_only_what_differs() {
        let db = Cluster::shared().database("import_differs", &[]);
        let first = ["10.0.0.0/8,1", "10.1.0.0/16,4294967295", "2001:db8::/32,3"];
        assert_eq!(
            import(&db, &first),
            "pfx2asn has 3 networks now: 3 added or changed, 0 gone or changed"
        );
        let kept = "SELECT xmin FROM pfx2asn WHERE pfx = '2001:db8::/32'";
        let before = db.sql(kept);
        let second = ["10.0.0.0/8,7", "10.2.0.0,10.2.0.9,5", "2001:db8::/32,3"];
        assert_eq!(
            import(&db, &second),
            "pfx2asn has 3 networks now: 2 added or changed, 2 gone or changed"
        );
        assert_eq!(
            rows(&db),
            "10.0.0.0/8|7\n10.2.0.0-10.2.0.9|5\n2001:db8::/32|3"
        );
        assert_eq!(db.sql(kept), before);
    }

    #[test]
    fn a_table_that_is_missing_is_made() {
        let db = Cluster::shared().database("import_missing", &[]);
        db.sql("DROP TABLE pfx2asn");
        import(&db, &["10.0.0.0/8,1"]);
        assert_eq!(rows(&db), "10.0.0.0/8|1");
    }

    #[test]
    fn what_old_columns_cannot_hold_is_left_out_and_said() {
        let db = Cluster::shared().database("import_old", &[]);
        db.sql("DROP TABLE pfx2asn; CREATE TABLE pfx2asn (pfx ip4r, asn integer)");
        let said = import(
            &db,
            &["10.0.0.0/8,1", "11.0.0.0/8,4200000000", "2001:db8::/32,3"],
        );
        assert!(
            said.contains("1 have AS numbers beyond 2147483647"),
            "{said}"
        );
        assert!(said.contains("1 are IPv6"), "{said}");
        assert_eq!(rows(&db), "10.0.0.0/8|1");
    }

    #[test]
    fn a_failure_leaves_the_table_as_it_was() {
        let db = Cluster::shared().database("import_failure", &[]);
        db.sql(
            "INSERT INTO pfx2asn VALUES ('10.0.0.0/8', 1); \
                ALTER TABLE pfx2asn ADD CHECK (asn < 100)",
        );
        let said = import(&db, &["11.0.0.0/8,5", "12.0.0.0/8,500"]);
        assert!(said.contains("violates check constraint"), "{said}");
        assert_eq!(rows(&db), "10.0.0.0/8|1");
    }
}
