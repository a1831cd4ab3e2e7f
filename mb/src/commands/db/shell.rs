//! `mb db shell`

use crate::error::Failure;
use crate::session::Session;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// psql takes the place of this process, with the password in its environment, where only the same
/// user sees it.
pub(super) fn run(session: &mut Session) -> Result<(), Failure> {
    let access = session.instance()?.database.clone();
    session.out.flush()?;
    let error = Command::new("psql")
        .env("PGHOST", access.host)
        .env("PGPORT", access.port.to_string())
        .env("PGUSER", access.user)
        .env("PGPASSWORD", access.password)
        .env("PGDATABASE", access.name)
        .exec();
    Err(Failure::new(format!("psql: {error}")).hint("apt install postgresql-client"))
}
