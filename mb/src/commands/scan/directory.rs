//! `mb scan -d` with several mirrors: only those are scanned that have the directory.

use crate::error::Failure;
use crate::fetch::{ANSWER, Client};
use crate::parallel;
use crate::python::repr;
use crate::session::Session;
use mirror_db::tables::server::Server;
use scanner::Protocol;

/// Columns of a list of names.
const WIDTH: usize = 70;

/// The mirrors that have a directory, and the names of those that have not.
pub(super) fn choose(
    mirrors: Vec<Server>,
    directory: &str,
    is_told: bool,
    session: &mut Session,
) -> Result<(Vec<Server>, Vec<String>), Failure> {
    let client = Client::new(ANSWER)?;
    if is_told {
        let name = repr(directory.as_bytes());
        let line = format!("Checking for existance of {name} directory");
        session.out.line(line)?;
        session.out.flush()?;
    }
    let has = |mirror: &Server| match Protocol::urls(mirror).first() {
        Some((_, url)) => client.has_directory(url, directory),
        None => false,
    };
    let mut told = Ok(());
    let has = parallel::map_and_tell(&mirrors, has, || {
        if is_told && told.is_ok() {
            told = session.out.text(".").and_then(|()| session.out.flush());
        }
    });
    told?;
    let mut skipped = Vec::new();
    let mut chosen = Vec::new();
    for (mirror, has) in mirrors.into_iter().zip(has) {
        match has {
            true => chosen.push(mirror),
            false => skipped.push(mirror.identifier),
        }
    }
    if is_told {
        session.out.line("")?;
        if !chosen.is_empty() {
            session.out.line("Scheduling scan on:")?;
            let names: Vec<String> = chosen.iter().map(|m| m.identifier.clone()).collect();
            session.out.line(filled(&names))?;
        }
    }
    Ok((chosen, skipped))
}

/// Names with commas between them, in lines of at most 70 columns.
pub(super) fn filled(names: &[String]) -> String {
    let mut lines = Vec::new();
    let mut line = "   ".to_owned();
    for (place, name) in names.iter().enumerate() {
        let comma = if place + 1 < names.len() { "," } else { "" };
        if line.len() + 1 + name.len() + comma.len() > WIDTH && !line.trim().is_empty() {
            lines.push(std::mem::replace(&mut line, " ".to_owned()));
        }
        line.push_str(&format!(" {name}{comma}"));
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_wrapped_as_the_original_wraps_them() {
        let names: Vec<String> = (10..18).map(|n| format!("mirror{n}.example")).collect();
        assert_eq!(
            filled(&names),
            "    mirror10.example, mirror11.example, mirror12.example,\n  \
             mirror13.example, mirror14.example, mirror15.example,\n  \
             mirror16.example, mirror17.example"
        );
    }
}
