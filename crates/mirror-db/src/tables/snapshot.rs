//! Which transactions a query sees: while that stays the same, nothing was written.

use pg::Statement;

/// No row unless all tables are ordinary ones: what a view or a foreign table shows can change
/// without a transaction here. None on a standby, either, which does not tell the transactions that
/// are under way. The function is the one that PostgreSQL before 13 has, too.
const SNAPSHOT: &str = "\
SELECT txid_current_snapshot()::text WHERE NOT pg_is_in_recovery() AND NOT EXISTS (SELECT \
FROM pg_class WHERE oid = ANY (ARRAY['server', 'filearr', 'hash']::regclass[]) AND relkind <> 'r')";

pub(super) const STATEMENTS: &[&str] = &[SNAPSHOT];

/// Asks for one text; two that are equal say that all tables are as they were.
pub fn statement() -> Statement {
    Statement::new("the check for changes", SNAPSHOT, 0)
}
