//! The mirrors that the database knows.

use super::report::Report;
use mirror_db::tables::server::{self, Server};
use pg::{Connection, ConnectionError};

const SUBJECT: &str = "mirrors";

/// Names that one line shows.
const SHOWN: usize = 5;

pub fn look(report: &mut Report, connection: &mut Connection) -> Result<(), ConnectionError> {
    let all = server::all(connection)?;
    let enabled: Vec<&Server> = all.iter().filter(|mirror| mirror.enabled).collect();
    if enabled.is_empty() {
        let text = format!("{} known, none enabled: all is served from here", all.len());
        let advice = "mb new adds one, mb scan -e fills and enables it";
        report.warning(SUBJECT, text, advice);
        return Ok(());
    }
    report.ok(
        SUBJECT,
        format!("{} known, {} enabled", all.len(), enabled.len()),
    );
    some(
        report,
        &enabled,
        "never scanned",
        "mb scan finds out what they have",
        |mirror| mirror.last_scan.is_none(),
    );
    some(
        report,
        &enabled,
        "did not answer when probed last",
        "mb test ID tells why",
        |mirror| !mirror.status_baseurl,
    );
    some(
        report,
        &enabled,
        "without a URL that clients can use",
        "mb edit ID",
        |mirror| {
            let url = mirror.baseurl.to_ascii_lowercase();
            !["http://", "https://", "ftp://"]
                .iter()
                .any(|scheme| url.starts_with(scheme))
        },
    );
    Ok(())
}

fn some(
    report: &mut Report,
    mirrors: &[&Server],
    what: &str,
    what_to_do: &str,
    is_meant: impl Fn(&Server) -> bool,
) {
    let names: Vec<&str> = mirrors
        .iter()
        .filter(|mirror| is_meant(mirror))
        .map(|mirror| &*mirror.identifier)
        .collect();
    if names.is_empty() {
        return;
    }
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = names[..names.len().min(SHOWN)].join(", ");
    report.warning(SUBJECT, format!("{what}: {shown}{more}"), what_to_do);
}
