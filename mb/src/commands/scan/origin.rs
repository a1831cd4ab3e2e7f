//! `mb scan --origin`

use super::{Arguments, options};
use crate::error::Failure;
use crate::output::ManyBars;
use crate::session::Session;
use crate::time::ctime;
use mirror_db::tables::scan;
use scanner::{Origin, OriginScan};

/// Where the origin is: `scan_origin`, else `apache_documentroot`.
pub(super) fn place(session: &mut Session) -> Result<Origin, Failure> {
    let instance = session.instance()?;
    if let Some(text) = &instance.scan_origin {
        return Ok(Origin::parse(text));
    }
    match &instance.documentroot {
        Some(tree) => Ok(Origin::Directory(tree.clone())),
        None => Err(
            Failure::new("mirrorbrain.conf does not say where the origin is")
                .hint("scan_origin names a directory, or a URL of rsync"),
        ),
    }
}

/// Keeps size and time of the origin's files.
pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let origin = place(session)?;
    let options = options(session.instance()?)?;
    if !scan::exists(session.connection()?)? {
        return Err(
            Failure::new("the tables have no place for the origin's files")
                .hint("mb db migrate makes it"),
        );
    }
    let database = session.connection_info()?;
    let scan = OriginScan {
        origin: &origin,
        rules: &options.rules,
        guard: options.guard,
        force: arguments.force,
        sources: &options.sources,
    };
    let bars = ManyBars::new(arguments.quiet == 0 && !arguments.facts.json);
    let outcome = scan.run(&database, &bars.bar())?;
    if arguments.quiet < 2 && !arguments.facts.json {
        session.out.line(format_args!(
            "{} origin: {} files, {} new or changed, {} gone",
            ctime(),
            outcome.files,
            outcome.added,
            outcome.removed
        ))?;
    }
    match outcome.reason() {
        None => Ok(()),
        Some(reason) => Err(Failure::new(format!("origin: {reason}"))),
    }
}
