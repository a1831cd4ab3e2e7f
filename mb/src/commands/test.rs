//! `mb test`

use crate::cli::Facts;
use crate::error::Failure;
use crate::fetch::{Client, Wanted};
use crate::python::repr;
use crate::session::Session;
use clap::Args;
use serde::Serialize;
use std::time::Duration;

/// Arguments of `mb test`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The mirror, or a part of its name that no other has
    identifier: String,

    #[command(flatten)]
    facts: Facts,
}

/// The longest that all of it may take.
const LIMIT: Duration = Duration::from_secs(20);

/// How much of the page is shown.
const WANTED: Wanted = Wanted {
    md5: false,
    bytes: 240,
};

#[derive(Serialize)]
struct Tested<'a> {
    identifier: &'a str,
    url: &'a str,
    has_file: bool,
    http_code: Option<u16>,
    error: Option<String>,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let mirror = session.mirror(&arguments.identifier)?;
    let (name, url) = (&mirror.identifier, &mirror.baseurl);
    let result = Client::new(LIMIT)?.fetch(url, WANTED);
    let out = &mut session.out;
    if arguments.facts.json {
        out.json(&Tested {
            identifier: name,
            url,
            has_file: result.is_ok(),
            http_code: result.as_ref().ok().and_then(|found| found.status),
            error: result.as_ref().err().map(|error| error.to_string()),
        })?;
    }
    match result {
        Ok(_) if arguments.facts.json => Ok(()),
        Ok(found) => {
            let code = found.status.map(|status| format!(", http_code={status}"));
            let code = code.unwrap_or_default();
            out.line(format_args!("M: {name} {url}, has_file=True{code}"))?;
            out.line(format_args!("content: {}...", repr(&found.content)))?;
            Ok(())
        }
        Err(error) => {
            if !arguments.facts.json {
                out.line(format_args!("M: {name} {url}, has_file=False"))?;
            }
            Err(Failure::new(format!("{name}: {error}")))
        }
    }
}
