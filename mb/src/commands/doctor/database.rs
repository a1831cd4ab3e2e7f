//! The server, the role's privileges, the schema.

use super::mirrors;
use super::report::Report;
use crate::session::Session;
use mirror_db::schema::{self, SchemaError};
use mirror_db::tables::pfx2asn;
use pg::{Connection, ConnectionError};
use std::time::{SystemTime, UNIX_EPOCH};

const SUBJECT: &str = "database";

/// The oldest PostgreSQL that the project is tested with, as `server_version_num` has it.
const OLDEST: i64 = 140_000;

/// Seconds that clocks may differ.
const CLOCK: f64 = 5.0;

/// What the commands need, with the tables that are there.
const PRIVILEGES: &str = "\
SELECT format('%s on %s', privilege, relation) FROM (VALUES
    ('server', 'SELECT'), ('server', 'INSERT'), ('server', 'UPDATE'), ('server', 'DELETE'),
    ('filearr', 'SELECT'), ('filearr', 'INSERT'), ('filearr', 'UPDATE'), ('filearr', 'DELETE'),
    ('hash', 'SELECT'), ('hash', 'INSERT'), ('hash', 'UPDATE'), ('hash', 'DELETE'),
    ('marker', 'SELECT'), ('marker', 'INSERT'), ('marker', 'DELETE'),
    ('country', 'SELECT'), ('region', 'SELECT'), ('version', 'SELECT'), ('version', 'UPDATE')
) AS needed (relation, privilege)
 WHERE to_regclass(relation) IS NOT NULL AND NOT has_table_privilege(to_regclass(relation), privilege)";

const SERVER: &str = "SELECT current_setting('server_version_num')::bigint, \
     current_setting('server_version'), pg_encoding_to_char(encoding)::text, \
     extract(epoch FROM clock_timestamp())::double precision \
     FROM pg_database WHERE datname = current_database()";

const TRIGGERS: &str =
    "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'mirrorbrain\\_%' AND NOT tgisinternal";

pub fn look(report: &mut Report, session: &mut Session) {
    let mut connection = match session.raw_connection() {
        Ok(connection) => connection,
        Err(failure) => {
            let advice = "start the server, or correct dbhost, dbport, dbuser, dbpass, dbname";
            report.error(SUBJECT, failure.to_string(), advice);
            return;
        }
    };
    let result = server(report, &mut connection).and_then(|()| {
        privileges(report, &mut connection)?;
        if tables(report, &mut connection)? {
            networks(report, &mut connection)?;
            mirrors::look(report, &mut connection)?;
        }
        Ok(())
    });
    if let Err(error) = result {
        let advice = "the line before says what was looked at";
        report.error(SUBJECT, error.to_string(), advice);
    }
}

fn server(report: &mut Report, connection: &mut Connection) -> Result<(), ConnectionError> {
    for row in connection.query(SERVER, &[])? {
        let (number, version): (i64, String) = (row.get(0)?, row.get(1)?);
        let (encoding, time): (String, f64) = (row.get(2)?, row.get(3)?);
        let text = format!("PostgreSQL {version} answers");
        if number < OLDEST {
            report.error(
                SUBJECT,
                text,
                "PostgreSQL 14 is the oldest that is supported",
            );
        } else {
            report.ok(SUBJECT, text);
        }
        if encoding != "UTF8" {
            report.warning(
                SUBJECT,
                format!("its encoding is {encoding}"),
                "names of files are UTF-8: make a database with ENCODING UTF8 and move there",
            );
        }
        clock(report, time);
    }
    Ok(())
}

fn clock(report: &mut Report, theirs: f64) {
    let ours = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let difference = (ours.as_secs_f64() - theirs).abs();
    if difference > CLOCK {
        report.warning(
            "clock",
            format!("the database's clock and this machine's differ by {difference:.0} s"),
            "let chrony or systemd-timesyncd set both",
        );
    } else {
        report.ok("clock", "the database's and this machine's agree");
    }
}

fn privileges(report: &mut Report, connection: &mut Connection) -> Result<(), ConnectionError> {
    let lacking: Vec<String> = connection
        .query(PRIVILEGES, &[])?
        .iter()
        .map(|row| row.get(0))
        .collect::<Result<_, _>>()?;
    if lacking.is_empty() {
        report.ok("privileges", "the role may do what the commands need");
    } else {
        report.error(
            "privileges",
            format!("the role lacks {}", lacking.join(", ")),
            "let the tables' owner GRANT them, or make the role the owner",
        );
    }
    Ok(())
}

/// Whether there are tables.
fn tables(report: &mut Report, connection: &mut Connection) -> Result<bool, ConnectionError> {
    const SUBJECT: &str = "schema";
    let pending = match schema::pending(connection) {
        Ok(pending) => pending,
        Err(SchemaError::Database(error)) => return Err(error),
        Err(error) => {
            report.error(SUBJECT, error.to_string(), "mb db init");
            return Ok(false);
        }
    };
    if !pending.is_empty() {
        let names: Vec<&str> = pending.iter().map(|migration| migration.name).collect();
        let text = format!("not applied yet: {}", names.join(", "));
        report.warning(SUBJECT, text, "mb db migrate");
    }
    let deviations = match schema::check(connection) {
        Ok(deviations) => deviations,
        Err(SchemaError::Database(error)) => return Err(error),
        Err(_) => Vec::new(),
    };
    let errors: Vec<_> = deviations.iter().filter(|d| d.is_error()).collect();
    match errors.first() {
        // What a migration brings is said already.
        Some(_) if !pending.is_empty() => {}
        Some(first) => {
            let text = format!("{} deviations, the first: {first}", errors.len());
            report.error(SUBJECT, text, "mb db check names them all");
        }
        None => report.ok(
            SUBJECT,
            "tables, indexes and functions are as they should be",
        ),
    }
    let triggers = connection.query(TRIGGERS, &[])?;
    if pg::Row::first(&triggers)?.unwrap_or(0_i64) == 0 {
        report.ok(
            SUBJECT,
            "no triggers of sql/notify.sql: changes show after MirrorBrainCacheTTL",
        );
    }
    Ok(true)
}

fn networks(report: &mut Report, connection: &mut Connection) -> Result<(), ConnectionError> {
    const SUBJECT: &str = "networks";
    if !pfx2asn::exists(connection)? {
        let text = "no table pfx2asn: mod_asn and mirrors for their own network do not work";
        report.warning(SUBJECT, text, "mb asn import makes and fills it");
    } else if connection
        .query("SELECT FROM pfx2asn LIMIT 1", &[])?
        .is_empty()
    {
        report.warning(SUBJECT, "pfx2asn is empty", "mb asn import fills it");
    } else {
        report.ok(SUBJECT, "pfx2asn has networks");
    }
    Ok(())
}
