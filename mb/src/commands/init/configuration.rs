//! `mirrorbrain.conf` of a new site.

use super::answers::Answers;
use crate::error::Failure;
use crate::files::Owner;
use nix::unistd::geteuid;
use site_config::SiteConfig;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Who may read the password, beside root.
const GROUP: &str = "mirrorbrain";

/// The file before it is in its place: made first, so that a password that the database has is not lost for
/// want of a place to write it to.
pub struct Draft {
    path: PathBuf,
    /// Unless there is such a file.
    file: Option<NamedTempFile>,
}

impl Draft {
    pub fn new(path: &Path, answers: &Answers) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
        let file = if path.exists() {
            None
        } else {
            let text = text(answers);
            check(&text, answers)?;
            Some(write(path, &text).map_err(failed)?)
        };
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Puts it in its place, and says so. A second call does nothing.
    pub fn keep(&mut self) -> Result<Option<String>, Failure> {
        let path = self.path.display();
        let Some(file) = self.file.take() else {
            return Ok(None);
        };
        file.persist_noclobber(&self.path)
            .map_err(|e| Failure::new(format!("{path}: {}", e.error)))?;
        Ok(Some(format!("{path} is written.")))
    }

    /// Whether there was such a file before.
    pub fn is_there(&self) -> bool {
        self.file.is_none()
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<NamedTempFile> {
    let directory = path.parent().filter(|d| !d.as_os_str().is_empty());
    let mut file = NamedTempFile::new_in(directory.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    // Without that group only root reads it; others cannot give files away.
    if geteuid().is_root()
        && let Ok(owner) = Owner::named(None, Some(GROUP))
    {
        chown(file.path(), owner.user(), owner.group())?;
    }
    fs::set_permissions(file.path(), Permissions::from_mode(0o640))?;
    file.as_file().sync_all()?;
    Ok(file)
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

/// Whether the file says what is meant: the syntax has no way to write some values.
fn check(text: &str, answers: &Answers) -> Result<(), Failure> {
    let cannot = |what: &str| {
        Failure::new(format!("mirrorbrain.conf cannot hold {what}"))
            .hint("its values have no comment signs and no blanks around them")
    };
    let config = SiteConfig::parse(text).map_err(|_| cannot("these names"))?;
    let instance = match config.instances.as_slice() {
        [instance] if instance.name == answers.instance && config.warnings.is_empty() => instance,
        _ => return Err(cannot("an instance of that name")),
    };
    let (read, plan) = (&instance.database, &answers.plan);
    let checks = [
        (read.password == plan.password, "that password"),
        (read.user == plan.role, "that role"),
        (read.name == plan.database, "that name of a database"),
        (read.host == answers.host, "that host"),
        (
            instance.documentroot.as_deref() == Some(&*answers.tree),
            "that directory",
        ),
    ];
    match checks.iter().find(|(is_right, _)| !is_right) {
        Some((_, what)) => Err(cannot(what)),
        None => Ok(()),
    }
}
