//! The configuration file.

use super::report::Report;
use crate::session::Session;
use std::os::unix::fs::PermissionsExt;

const SUBJECT: &str = "configuration";

/// Whether it names an instance to go on with.
pub fn look(report: &mut Report, session: &mut Session) -> bool {
    let path = session.config_path().display().to_string();
    let warnings = match session.config() {
        Ok(config) => config.warnings.clone(),
        Err(failure) => {
            report.error(SUBJECT, failure.to_string(), "mb init makes one");
            return false;
        }
    };
    let name = match session.instance() {
        Ok(instance) => instance.name.clone(),
        Err(failure) => {
            report.error(SUBJECT, failure.to_string(), "-b names another instance");
            return false;
        }
    };
    report.ok(SUBJECT, format!("{path}: instance {name}"));
    for warning in warnings {
        report.warning(SUBJECT, warning, "correct it, or take it out");
    }
    if let Ok(metadata) = session.config_path().metadata()
        && metadata.permissions().mode() & 0o007 != 0
    {
        report.warning(
            SUBJECT,
            "everybody on this machine can read the password in it",
            format!("chmod 0640 {path}"),
        );
    }
    true
}
