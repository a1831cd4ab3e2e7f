//! What only a superuser of PostgreSQL may do: roles, database, extension.
//!
//! On the machine of the server root is such a superuser, but only as the user postgres: then this very
//! program is called once more as that user, and told what to do on its standard input.

use super::answers::Answers;
use crate::error::Failure;
use crate::session::{Session, read_connection};
use nix::unistd::{User, geteuid};
use pg::Connection;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The longest that one statement may take: a database is a copy of some ten MB.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where Debian, Fedora and others put the socket.
const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

const ROLE_EXISTS: &str = "SELECT FROM pg_roles WHERE rolname = $1";
const DATABASE_EXISTS: &str = "SELECT FROM pg_database WHERE datname = $1";
const EXTENSION_EXISTS: &str = "SELECT FROM pg_available_extensions WHERE name = 'ip4r'";

/// Passwords have no place in the server's log.
const NO_LOG: &str = "SET log_statement = 'none'; SET log_min_error_statement = 'panic'; \
     SET log_min_duration_statement = -1; SET log_min_duration_sample = -1; \
     SET log_transaction_sample_rate = 0; SET log_parameter_max_length = 0; \
     SET log_parameter_max_length_on_error = 0";

/// These have no placeholders, so the server puts them together and quotes what is put in.
const CREATE_ROLE: &str = "SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)";
const CREATE_DATABASE: &str = "SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', $1::text, $2::text)";
const LET_READ: &str = "SELECT format('GRANT SELECT ON ALL TABLES IN SCHEMA public TO %1$I; \
     ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO %1$I', $1::text)";

/// What is to be there.
#[derive(Serialize, Deserialize)]
pub struct Plan {
    pub role: String,
    pub password: String,
    /// Whether the password is that of a role that may be there; if not, it was just made up.
    pub knows_password: bool,
    /// The role of httpd, which only reads.
    pub web_role: String,
    pub web_password: String,
    pub database: String,
    pub port: u16,
}

/// Is told what was done, step by step. The first step is the role: from then on its password must be kept.
pub type Done<'d> = &'d mut dyn FnMut(&str) -> Result<(), Failure>;

/// Does it.
pub fn prepare(admin: Option<&str>, answers: &Answers, done: Done<'_>) -> Result<(), Failure> {
    match admin {
        Some(params) => Superuser::enter(params)?.work(params, &answers.plan, done),
        None if !answers.is_local() => Err(Failure::new(format!(
            "{} is another machine, where root is no superuser",
            answers.host
        ))
        .hint("--admin says how to get in there")),
        None if geteuid().is_root() => as_postgres(&answers.plan, done),
        None => {
            let params = format!("port={} dbname=postgres", answers.port);
            Superuser::enter(&params)
                .map_err(|failure| {
                    failure.hint("call mb init as root on the database's machine, or give --admin")
                })?
                .work(&params, &answers.plan, done)
        }
    }
}

/// The same as the user that owns the server.
fn as_postgres(plan: &Plan, done: Done<'_>) -> Result<(), Failure> {
    let user = User::from_name("postgres").ok().flatten().ok_or_else(|| {
        Failure::new("there is no user postgres on this machine")
            .hint("install postgresql, or give --admin with the way to another server")
    })?;
    let mut child = Command::new("/proc/self/exe")
        .args(["init", "--provision"])
        .uid(user.uid.as_raw())
        .gid(user.gid.as_raw())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let plan = serde_json::to_vec(plan).map_err(io::Error::from)?;
        // One that has ended already says why itself.
        let _ = stdin.write_all(&plan);
    }
    let lines = child.stdout.take().map(BufReader::new).into_iter();
    for line in lines.flat_map(BufRead::lines) {
        done(&line?)?;
    }
    match child.wait()?.success() {
        true => Ok(()),
        false => Err(Failure::quiet(1)),
    }
}

/// The part of that other process.
pub fn as_superuser(session: &mut Session) -> Result<(), Failure> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let plan: Plan = serde_json::from_str(&text).map_err(io::Error::from)?;
    let mut last = None;
    for socket in SOCKETS {
        let params = format!("host={socket} port={} dbname=postgres", plan.port);
        match Superuser::enter(&params) {
            Ok(superuser) => {
                return superuser.work(&params, &plan, &mut |line| {
                    session.out.line(line)?;
                    Ok(session.out.flush()?)
                });
            }
            Err(failure) => last = last.or(Some(failure)),
        }
    }
    Err(last.unwrap_or_else(|| Failure::quiet(1)))
}

struct Superuser(Connection);

impl Superuser {
    fn enter(params: &str) -> Result<Self, Failure> {
        Self::enter_database(params, None)
    }

    /// Another database than the string names.
    fn enter_database(params: &str, database: Option<&str>) -> Result<Self, Failure> {
        let mut info =
            read_connection(params).map_err(|error| Failure::new(format!("--admin: {error}")))?;
        if let Some(database) = database {
            info = info.with_database(database);
        }
        let mut connection = Connection::open(&info, &[], PATIENCE)?;
        connection.run(NO_LOG).map_err(|error| {
            Failure::from(error).hint(
                "is that role a superuser? Only one can keep passwords out of the server's log",
            )
        })?;
        Ok(Self(connection))
    }

    fn work(mut self, params: &str, plan: &Plan, done: Done<'_>) -> Result<(), Failure> {
        done(&self.role(&plan.role, &plan.password, plan.knows_password)?)?;
        done(&self.web_role(plan)?)?;
        if self.exists(DATABASE_EXISTS, &plan.database)? {
            done(&format!("The database {} is there.", plan.database))?;
        } else {
            self.run(CREATE_DATABASE, &[&plan.database, &plan.role])?;
            done(&format!("The database {} is made.", plan.database))?;
        }
        match extension(params, &plan.database)? {
            Some(lacking) => done(&lacking),
            None => Ok(()),
        }
    }

    fn role(
        &mut self,
        name: &str,
        password: &str,
        knows_password: bool,
    ) -> Result<String, Failure> {
        if !self.exists(ROLE_EXISTS, name)? {
            self.run(CREATE_ROLE, &[name, password])?;
            return Ok(format!("The role {name} is made."));
        }
        if knows_password {
            return Ok(format!("The role {name} is there."));
        }
        Err(Failure::new(format!(
            "the role {name} is there, and its password is not known"
        ))
        .hint("--password-file gives it, --dbuser names another role"))
    }

    /// One that is there keeps its password: it may have been given another since, or serve somebody else.
    fn web_role(&mut self, plan: &Plan) -> Result<String, Failure> {
        let name = &plan.web_role;
        if self.exists(ROLE_EXISTS, name)? {
            return Ok(format!("The role {name}, for httpd, is there."));
        }
        self.run(CREATE_ROLE, &[name, &plan.web_password])?;
        Ok(format!("The role {name}, for httpd, is made."))
    }

    fn exists(&mut self, query: &str, name: &str) -> Result<bool, Failure> {
        Ok(!self.0.query(query, &[&name])?.is_empty())
    }

    fn run(&mut self, statement: &str, names: &[&str]) -> Result<(), Failure> {
        run_quoted(&mut self.0, statement, names)
    }
}

/// Has the server put a statement together, and runs it.
fn run_quoted(connection: &mut Connection, query: &str, names: &[&str]) -> Result<(), Failure> {
    let parameters: Vec<_> = names.iter().map(|name| name as pg::Parameter<'_>).collect();
    for row in connection.query(query, &parameters)? {
        connection.run(row.get(0)?)?;
    }
    Ok(())
}

/// The extension is made in the database itself.
fn extension(params: &str, database: &str) -> Result<Option<String>, Failure> {
    let Superuser(mut connection) = Superuser::enter_database(params, Some(database))?;
    if connection.query(EXTENSION_EXISTS, &[])?.is_empty() {
        return Ok(Some(
            "The extension ip4r is not installed: no table of networks. (Debian: postgresql-15-ip4r or the \
             version that fits; then mb asn import.)"
                .to_owned(),
        ));
    }
    connection.run("SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS ip4r")?;
    Ok(None)
}

/// Lets httpd's role read all tables, also those that later migrations make.
pub fn let_read(connection: &mut Connection, web_role: &str) -> Result<(), Failure> {
    run_quoted(connection, LET_READ, &[web_role])
}
