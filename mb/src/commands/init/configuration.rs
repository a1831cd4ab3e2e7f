//! `mirrorbrain.conf` of a new site.

use super::answers::Answers;
use crate::error::Failure;
use crate::files::{self, Owner};
use crate::session::Session;
use nix::unistd::geteuid;

/// Who may read the password, beside root.
const GROUP: &str = "mirrorbrain";

/// Writes the file, unless it is there.
pub fn write(session: &mut Session, answers: &Answers) -> Result<(), Failure> {
    let path = session.config_path().to_owned();
    if path.exists() {
        return Ok(session
            .out
            .line(format_args!("{} is there.", path.display()))?);
    }
    // Without that group only root reads it; others cannot give files away.
    let owner = Owner::named(None, Some(GROUP))
        .ok()
        .filter(|_| geteuid().is_root());
    files::replace(
        &path,
        text(answers).as_bytes(),
        0o640,
        owner.unwrap_or_default(),
    )?;
    Ok(session
        .out
        .line(format_args!("{} is written.", path.display()))?)
}

fn text(answers: &Answers) -> String {
    let Answers {
        instance,
        host,
        port,
        plan,
        tree,
        city_db,
        ..
    } = answers;
    let (role, password, database) = (&plan.role, &plan.password, &plan.database);
    format!(
        "# The tools of MirrorBrain: mb help. The file holds a password.\n\n\
         [general]\n\
         instances = {instance}\n\
         maxmind_city_db = {}\n\n\
         [{instance}]\n\
         dbuser = {role}\n\
         dbpass = {password}\n\
         dbdriver = postgresql\n\
         dbhost = {host}\n\
         dbport = {port}\n\
         dbname = {database}\n\n\
         # The tree; paths in the database are relative to it.\n\
         apache_documentroot = {}\n",
        city_db.display(),
        tree.display()
    )
}
