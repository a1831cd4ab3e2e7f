//! Several statements that count together or not at all.

use crate::{Connection, ConnectionError};
use std::ops::{Deref, DerefMut};

/// An open transaction. What was done in it is undone when it is dropped without
/// [`commit`](Self::commit).
pub struct Transaction<'a> {
    connection: &'a mut Connection,
    is_open: bool,
}

impl Connection {
    /// Begins a transaction.
    ///
    /// # Errors
    /// If the server is away.
    pub fn transaction(&mut self) -> Result<Transaction<'_>, ConnectionError> {
        let begin = self.begin.clone();
        self.run(begin.as_deref().unwrap_or("BEGIN"))?;
        self.in_transaction = true;
        Ok(Transaction {
            connection: self,
            is_open: true,
        })
    }
}

impl Transaction<'_> {
    /// Makes what was done last.
    ///
    /// # Errors
    /// If the server refuses or is away; then nothing was done.
    pub fn commit(mut self) -> Result<(), ConnectionError> {
        self.is_open = false;
        self.connection.in_transaction = false;
        self.connection.run("COMMIT")
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.connection.in_transaction = false;
            // If this fails the connection is lost, and with it the transaction.
            let _ = self.connection.run("ROLLBACK");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConnectionInfo;
    use harness::postgres::Cluster;
    use std::time::Duration;

    #[test]
    fn what_is_not_committed_is_undone() {
        let db = Cluster::shared().database("transaction", &[]);
        let info = ConnectionInfo::parse(&db.params()).unwrap();
        let mut connection = Connection::open(&info, &[], Duration::from_secs(5)).unwrap();
        for (name, is_kept) in [("dropped", false), ("kept", true)] {
            let mut transaction = connection.transaction().unwrap();
            let insert = "INSERT INTO marker (subtree_name, markers) VALUES ($1, '')";
            transaction.execute(insert, &[&name]).unwrap();
            if is_kept {
                transaction.commit().unwrap();
            }
        }
        assert_eq!(db.sql("SELECT subtree_name FROM marker"), "kept");
    }
}
