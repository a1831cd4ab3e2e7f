//! `mb db init`, `mb db migrate` and `mb db check`

use crate::cli::Facts;
use crate::error::Failure;
use crate::session::Session;
use clap::Args;
use mirror_db::schema::{self, Deviation, Finding, Migration, SchemaError};
use pg::{Connection, ConnectionError};
use serde::Serialize;

/// Arguments of `mb db init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Make no table of networks, which needs the extension ip4r
    #[arg(long)]
    without_networks: bool,
}

/// Arguments of `mb db migrate`.
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    facts: Facts,
}

/// Arguments of `mb db check`.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    facts: Facts,
}

/// A migration, for programs.
#[derive(Serialize)]
struct Step {
    number: u32,
    name: &'static str,
}

/// A deviation, for programs.
#[derive(Serialize)]
struct Deviating<'d> {
    kind: &'d str,
    name: &'d str,
    finding: &'static str,
    expected: Option<&'d str>,
    found: Option<&'d str>,
}

pub(super) fn init(
    arguments: &Init,
    dry_run: bool,
    quiet: bool,
    session: &mut Session,
) -> Result<(), Failure> {
    let mut connection = session.raw_connection()?;
    if dry_run {
        return match schema::pending(&mut connection) {
            Err(SchemaError::Empty) => Ok(session.out.line("Would make all tables")?),
            Ok(_) => Err(SchemaError::Exists.into()),
            Err(error) => Err(error.into()),
        };
    }
    schema::init(&mut connection, !arguments.without_networks)?;
    if !quiet {
        session.out.line("All tables are made.")?;
    }
    Ok(())
}

pub(super) fn migrate(
    arguments: &Migrate,
    dry_run: bool,
    quiet: bool,
    session: &mut Session,
) -> Result<(), Failure> {
    let mut connection = session.raw_connection()?;
    let steps = if dry_run {
        schema::pending(&mut connection)?
    } else {
        schema::migrate(&mut connection)?
    };
    if arguments.facts.json {
        let steps: Vec<Step> = steps.iter().map(Step::from).collect();
        return Ok(session.out.json(&steps)?);
    }
    if quiet {
        return Ok(());
    }
    let verb = if dry_run { "Would apply" } else { "Applied" };
    for Migration { number, name, .. } in &steps {
        session
            .out
            .line(format_args!("{verb} {number:04} {name}"))?;
    }
    if steps.is_empty() {
        session.out.line("The database is up to date.")?;
    }
    Ok(())
}

pub(super) fn check(arguments: &Check, session: &mut Session) -> Result<(), Failure> {
    let mut connection = session.raw_connection()?;
    let deviations = schema::check(&mut connection)?;
    if arguments.facts.json {
        let listed: Vec<Deviating<'_>> = deviations.iter().map(Deviating::from).collect();
        session.out.json(&listed)?;
    } else {
        for deviation in &deviations {
            session.out.line(deviation)?;
        }
        if deviations.is_empty() {
            session.out.line("The tables are as they should be.")?;
        }
    }
    match deviations.iter().filter(|d| d.is_error()).count() {
        0 => Ok(()),
        count => Err(failure(count, &mut connection)?),
    }
}

fn failure(count: usize, connection: &mut Connection) -> Result<Failure, Failure> {
    let objects = if count == 1 {
        "object is"
    } else {
        "objects are"
    };
    let failure = Failure::new(format!("{count} {objects} missing or different"));
    Ok(if schema::pending(connection)?.is_empty() {
        failure.hint("docs/mb.md says what each deviation means")
    } else {
        failure.hint("mb db migrate adds what later versions brought")
    })
}

impl From<&Migration> for Step {
    fn from(migration: &Migration) -> Self {
        Self {
            number: migration.number,
            name: migration.name,
        }
    }
}

impl<'d> From<&'d Deviation> for Deviating<'d> {
    fn from(deviation: &'d Deviation) -> Self {
        let (finding, expected, found) = match &deviation.finding {
            Finding::Missing(text) => ("missing", Some(&**text), None),
            Finding::Different { expected, found } => {
                ("different", Some(&**expected), Some(&**found))
            }
            Finding::Extra(text) => ("additional", None, Some(&**text)),
        };
        Self {
            kind: &deviation.kind,
            name: &deviation.name,
            finding,
            expected,
            found,
        }
    }
}

impl From<SchemaError> for Failure {
    fn from(error: SchemaError) -> Self {
        match error {
            SchemaError::Database(error) => locked(error),
            other => Self::new(other.to_string()),
        }
    }
}

fn locked(error: ConnectionError) -> Failure {
    if error.code() == Some(&pg::SqlState::LOCK_NOT_AVAILABLE) {
        return Failure::from(error)
            .hint("a scan or an open psql uses the table: try again when it has ended");
    }
    error.into()
}
