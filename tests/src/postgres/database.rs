//! One database of a cluster.

use std::path::Path;

use postgres::Client;

use super::Cluster;

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
        self.cluster.params(&self.name)
    }

    /// Runs SQL and returns the rows, columns separated by `|`.
    #[track_caller]
    pub fn sql(&self, text: &str) -> String {
        self.cluster.statement(&self.name, text)
    }

    /// A connection of the caller's own.
    ///
    /// # Errors
    /// Those of the server.
    pub fn connect(&self) -> Result<Client, postgres::Error> {
        self.cluster.connect(&self.name)
    }

    /// Runs an SQL file in one transaction.
    #[track_caller]
    pub fn load(&self, file: &Path) {
        self.cluster.load(&self.name, &[file]);
    }
}
