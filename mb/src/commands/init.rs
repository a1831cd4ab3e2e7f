//! `mb init`: a new site, from nothing to a configuration that httpd can load.

mod answers;
mod configuration;
mod provision;
mod vhost;

use crate::error::Failure;
use crate::session::Session;
use answers::Answers;
use clap::Args;
use mirror_db::schema;
use std::path::PathBuf;

/// Makes what a new site needs: the role and the database, its tables, the configuration file of the tools, and the
/// virtual host for httpd. What is there already stays as it is, so it can be called again.
///
/// What options do not say is asked for on a terminal. As root the database server of this machine is
/// prepared in the name of its user postgres; elsewhere --admin says how to get in as a superuser.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The name of the site, as in download.example.org
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,

    /// The directory of the files
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,

    /// The instance in the configuration file
    #[arg(long, value_name = "NAME", default_value = "main")]
    instance: String,

    /// The database [default: mirrorbrain]
    #[arg(long, value_name = "NAME")]
    dbname: Option<String>,

    /// The role that owns it; that of httpd has _web behind it [default: mirrorbrain]
    #[arg(long, value_name = "NAME")]
    dbuser: Option<String>,

    /// The host of the database server [default: 127.0.0.1]
    #[arg(long, value_name = "HOST")]
    dbhost: Option<String>,

    /// Its port [default: 5432]
    #[arg(long, value_name = "PORT")]
    dbport: Option<u16>,

    /// A file with the password of the role, if there is one already
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,

    /// How to get in as a superuser: a connection string of libpq. A password is better kept in
    /// ~/.pgpass or PGPASSWORD than here, where others see it
    #[arg(long, value_name = "PARAMS")]
    admin: Option<String>,

    /// Write the virtual host to this file; otherwise it is printed
    #[arg(long, value_name = "FILE")]
    vhost: Option<PathBuf>,

    /// Only tell what would be done
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Do the superuser's part only: it comes from standard input
    #[arg(long, hide = true)]
    provision: bool,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    if arguments.provision {
        return provision::as_superuser(session);
    }
    let answers = Answers::of(arguments, session)?;
    if arguments.dry_run {
        return tell(arguments, &answers, session);
    }
    // The virtual host alone goes to standard output, for whoever writes it to a file.
    let to_stderr = arguments.vhost.is_none();
    let path = session.config_path().to_owned();
    let mut draft = configuration::Draft::new(&path, &answers)?;
    if draft.is_there() {
        say(session, to_stderr, &format!("{} is there.", path.display()))?;
    }
    provision::prepare(arguments.admin.as_deref(), &answers, &mut |done| {
        say(session, to_stderr, done)?;
        match draft.keep()? {
            Some(done) => say(session, to_stderr, &done),
            None => Ok(()),
        }
    })?;
    say(session, to_stderr, &tables(&answers)?)?;
    let text = vhost::text(&answers);
    match &arguments.vhost {
        Some(path) => say(session, to_stderr, &vhost::write(path, &text)?)?,
        None => session.out.text(text)?,
    }
    say(session, to_stderr, NEXT)
}

fn say(session: &mut Session, to_stderr: bool, line: &str) -> Result<(), Failure> {
    if to_stderr {
        eprintln!("{line}");
        return Ok(());
    }
    session.out.line(line)?;
    Ok(session.out.flush()?)
}

const NEXT: &str = "\
Next: mb new ID -H URL adds a mirror, mb doctor looks at everything.";

fn tell(arguments: &Arguments, answers: &Answers, session: &mut Session) -> Result<(), Failure> {
    let plan = &answers.plan;
    let (host, port) = (&answers.host, answers.port);
    let lines = [
        "What is missing of these would be made:".to_owned(),
        format!("  the roles {} and {}", plan.role, plan.web_role),
        format!(
            "  the database {} on {host}:{port}, and its tables",
            plan.database
        ),
        format!("  {}", session.config_path().display()),
        match &arguments.vhost {
            Some(path) => format!("  {}", path.display()),
            None => "  the virtual host for httpd, to be printed".to_owned(),
        },
    ];
    lines.iter().try_for_each(|line| session.out.line(line))?;
    Ok(())
}

/// The tables, as their owner; and what httpd may read. Says what was done.
fn tables(answers: &Answers) -> Result<String, Failure> {
    let mut connection = answers.connect()?;
    let done = match schema::pending(&mut connection) {
        Ok(missing) if missing.is_empty() => "The tables are there and up to date.".to_owned(),
        Ok(_) => {
            let done = schema::migrate(&mut connection)?;
            format!("The tables are brought up to date ({} steps).", done.len())
        }
        Err(schema::SchemaError::Empty) => {
            let has_ranges = !connection.query(HAS_RANGES, &[])?.is_empty();
            schema::init(&mut connection, has_ranges)?;
            let lacking = match has_ranges {
                true => "",
                false => " but pfx2asn, for want of the extension ip4r",
            };
            format!("All tables are made{lacking}.")
        }
        Err(error) => return Err(error.into()),
    };
    provision::let_read(&mut connection, &answers.plan.web_role)?;
    Ok(done)
}

const HAS_RANGES: &str = "SELECT FROM pg_extension WHERE extname = 'ip4r'";
