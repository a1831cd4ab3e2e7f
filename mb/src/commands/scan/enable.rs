//! `mb scan -e`: a mirror whose scan succeeded is put to use.

use crate::error::Failure;
use crate::fetch::{Client, Wanted};
use crate::time::ctime;
use mirror_db::tables::server::{self, Column, Server};
use pg::{Connection, ConnectionError, ConnectionInfo};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What it takes to enable mirrors, from any thread.
pub(super) struct Enabling {
    connection: Mutex<Connection>,
    client: Client,
}

impl Enabling {
    pub fn new(database: &ConnectionInfo) -> Result<Self, Failure> {
        let patience = Duration::from_secs(60);
        Ok(Self {
            connection: Mutex::new(Connection::open(database, &[], patience)?),
            client: Client::new(patience)?,
        })
    }

    fn set(&self, mirror: &Server, column: Column, value: &str) -> Result<(), ConnectionError> {
        let connection = self.connection.lock();
        let mut connection = connection.unwrap_or_else(PoisonError::into_inner);
        server::set(&mut connection, mirror.id, column, Some(value)).map(drop)
    }

    fn add_comment(&self, mirror: &Server, text: &str) -> Result<(), ConnectionError> {
        let connection = self.connection.lock();
        let mut connection = connection.unwrap_or_else(PoisonError::into_inner);
        server::add_comment(&mut connection, mirror.id, text).map(drop)
    }

    /// Has the mirror be used, as far as the administrator is concerned.
    pub fn enable(&self, mirror: &Server) -> Result<(), ConnectionError> {
        self.set(mirror, Column::Enabled, "true")
    }

    /// Records that it was scanned, and has it be used if its base URL answers; whether it does.
    pub fn try_base_url(&self, mirror: &Server) -> Result<bool, ConnectionError> {
        let text = format!("*** scanned and enabled at {}.", ctime());
        self.add_comment(mirror, &text)?;
        let found = self.client.fetch(&mirror.baseurl, Wanted::PRESENCE);
        let is_alive = found.is_ok_and(|found| found.status == Some(200));
        if is_alive {
            self.set(mirror, Column::Enabled, "true")?;
            self.set(mirror, Column::StatusBaseurl, "true")?;
        }
        Ok(is_alive)
    }
}
