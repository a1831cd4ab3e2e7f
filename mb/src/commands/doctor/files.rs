//! The tree and the geo database.

use super::report::Report;
use crate::places;
use crate::session::Session;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// MaxMind publishes twice a week; a file of this age has been forgotten.
const OLD: Duration = Duration::from_secs(60 * 86_400);

pub fn look(report: &mut Report, session: &mut Session) {
    let tree = session.instance().ok().and_then(|i| i.documentroot.clone());
    match tree {
        Some(path) => look_at_tree(report, &path),
        None => report.warning(
            "tree",
            "apache_documentroot is not set",
            "name the directory of the files in mirrorbrain.conf",
        ),
    }
    if let Ok(config) = session.config() {
        let (city, asn) = (config.city_db.clone(), config.asn_db.clone());
        look_at_geo(report, &city);
        asn.iter().for_each(|path| look_at_geo(report, path));
    }
}

fn look_at_tree(report: &mut Report, path: &Path) {
    const SUBJECT: &str = "tree";
    let shown = path.display();
    if let Err(error) = fs::read_dir(path) {
        let advice = "mount it, correct apache_documentroot, or let this user read it";
        report.error(SUBJECT, format!("{shown}: {error}"), advice);
        return;
    }
    // httpd is another user, and goes through every directory above.
    let closed = path.ancestors().find(|directory| {
        let mode = directory.metadata().map(|m| m.permissions().mode());
        mode.is_ok_and(|mode| mode & 0o001 == 0)
    });
    match closed {
        Some(directory) => report.warning(
            SUBJECT,
            format!("{}: not everybody may enter it", directory.display()),
            format!(
                "chmod o+x {0}, unless httpd's user gets in by its group",
                directory.display()
            ),
        ),
        None => report.ok(SUBJECT, format!("{shown} can be read")),
    }
}

fn look_at_geo(report: &mut Report, path: &Path) {
    const SUBJECT: &str = "geo database";
    let database = match places::open(path) {
        Ok(database) => database,
        Err(failure) => {
            report.warning(
                SUBJECT,
                failure.to_string(),
                "geoipupdate fetches GeoLite2-City; maxmind_city_db names another file",
            );
            return;
        }
    };
    let built = UNIX_EPOCH + Duration::from_secs(database.built());
    let age = SystemTime::now().duration_since(built).unwrap_or_default();
    let text = format!("{}: {} days old", path.display(), age.as_secs() / 86_400);
    if age > OLD {
        report.warning(SUBJECT, text, "let geoipupdate run every week");
    } else {
        report.ok(SUBJECT, text);
    }
}
