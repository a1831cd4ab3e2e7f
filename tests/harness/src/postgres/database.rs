//! One database of a cluster.

use std::path::Path;
use std::process::Command;

use postgres::{Client, NoTls, SimpleQueryMessage};

use super::{Cluster, USER};
use crate::command::run;

/// A database of a [`Cluster`], dropped with the cluster.
#[derive(Debug)]
pub struct Database<'c> {
    cluster: &'c Cluster,
    name: String,
}

impl<'c> Database<'c> {
    pub(super) fn new(cluster: &'c Cluster, name: &str) -> Self {
        Self {
            cluster,
            name: name.to_owned(),
        }
    }

    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The libpq connection string, in key=value form.
    pub fn params(&self) -> String {
        let Cluster { host, port, .. } = self.cluster;
        let name = &self.name;
        format!("host={host} port={port} user={USER} dbname={name}")
    }

    /// A connection of the caller's own.
    ///
    /// # Errors
    /// Those of the server.
    pub fn connect(&self) -> Result<Client, postgres::Error> {
        Client::connect(&self.params(), NoTls)
    }

    /// Runs SQL and returns the rows, columns separated by `|`, NULL as nothing.
    #[track_caller]
    pub fn sql(&self, text: &str) -> String {
        let messages = self
            .connect()
            .and_then(|mut client| client.simple_query(text))
            .unwrap_or_else(|e| panic!("{text}: {e:?}"));
        let row = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => {
                let columns = (0..row.len()).map(|i| row.get(i).unwrap_or_default());
                Some(columns.collect::<Vec<_>>().join("|"))
            }
            _ => None,
        };
        let rows = messages.iter().filter_map(row);
        rows.collect::<Vec<_>>().join("\n")
    }

    /// Runs an SQL file in one transaction. It is psql's: it may copy rows that follow in the text.
    #[track_caller]
    pub fn load(&self, file: &Path) {
        run(Command::new(self.cluster.bin.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["--single-transaction", "-d", &self.params(), "-f"])
            .arg(file));
    }
}
