//! The directive table.

use crate::DbdSettings;
use crate::settings::PGSQL;
use apache::argument::{number, seconds, secret, text};
use apache::{Args, Command, Context, Definition, Directive, SetResult, Setter};
use pg::ConnectionInfo;
use std::ffi::CStr;
use std::marker::PhantomData;

/// A server record that keeps [`DbdSettings`].
pub trait DbdRecord {
    /// What the setters wrote.
    fn dbd(&self) -> &DbdSettings;
    /// Where the setters write to.
    fn dbd_mut(&mut self) -> &mut DbdSettings;
}

/// The part of the directive table of module `D`.
pub struct DbdDirectives<D>(PhantomData<fn() -> D>);

impl<D: Definition> DbdDirectives<D>
where
    D::Server: DbdRecord,
{
    /// Contexts and numbers of arguments are mod_dbd's: the refusal of one module stops the start.
    pub const TABLE: &'static [Directive<D>] = &[
        one(c"DBDriver", driver::<D::Server>, c"pgsql"),
        one(
            c"DBDParams",
            params::<D::Server>,
            c"PostgreSQL connection string",
        ),
        one(
            c"DBDMax",
            max::<D::Server>,
            c"most connections of a child process",
        ),
        one(
            c"DBDKeep",
            keep::<D::Server>,
            c"idle connections of a child process that are kept",
        ),
        one(
            c"DBDExptime",
            expiry::<D::Server>,
            c"seconds until a further idle connection is closed",
        ),
        one(
            c"DBDInitSQL",
            init_sql::<D::Server>,
            c"statement to run on each new connection",
        ),
        ignored(c"DBDMin", Args::One),
        ignored(c"DBDPersist", Args::Flag),
        ignored(c"DBDPrepareSQL", Args::Two),
    ];
}

const fn one<D: Definition>(
    name: &'static CStr,
    set: fn(&mut D::Server, &Command<'_>, &[&CStr]) -> SetResult,
    help: &'static CStr,
) -> Directive<D> {
    Directive::new(name, Context::SERVER, Args::One, Setter::Server(set), help)
}

const fn ignored<D: Definition>(name: &'static CStr, args: Args) -> Directive<D> {
    let help = c"a directive of mod_dbd that has no meaning here";
    Directive::new(name, Context::SERVER, args, Setter::Ignore, help)
}

fn count(command: &Command<'_>, args: &[&CStr], least: u32) -> Result<usize, String> {
    let value = number(command, args, least, "connections")?;
    Ok(usize::try_from(value).unwrap_or(usize::MAX))
}

fn driver<R: DbdRecord>(record: &mut R, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    record.dbd_mut().driver = Some(text(command, args, 0)?.into());
    Ok(())
}

fn params<R: DbdRecord>(record: &mut R, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    // Of the value the message holds what the parser names, never the whole: it may hold a
    // password.
    let info = secret(command, args).and_then(|text| {
        ConnectionInfo::parse_with(text, |name| std::env::var(name).ok())
            .map_err(|error| format!("{}: {error}", command.name()))
    });
    let dbd = record.dbd_mut();
    dbd.connection = Some(match info {
        Ok(info) => Ok(info),
        Err(problem) if dbd.driver.as_deref() == Some(PGSQL) => return Err(problem),
        // The words of another driver, perhaps, which the next line may name.
        Err(problem) => Err(format!("Syntax error on {}:\n{problem}", command.place())),
    });
    Ok(())
}

fn max<R: DbdRecord>(record: &mut R, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    record.dbd_mut().max_connections = Some(count(command, args, 1)?);
    Ok(())
}

fn keep<R: DbdRecord>(record: &mut R, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    record.dbd_mut().keep_connections = Some(count(command, args, 0)?);
    Ok(())
}

fn expiry<R: DbdRecord>(record: &mut R, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    record.dbd_mut().idle_expiry = Some(seconds(command, args, 0)?);
    Ok(())
}

fn init_sql<R: DbdRecord>(record: &mut R, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    let statement = text(command, args, 0)?;
    record.dbd_mut().init_sql.push(statement.to_owned());
    Ok(())
}
