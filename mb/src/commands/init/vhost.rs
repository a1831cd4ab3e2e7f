//! The virtual host of a new site.

use super::answers::{Answers, params};
use crate::error::Failure;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Where httpd's modules are: Debian, Fedora (64 bits), openSUSE, built from source.
const MODULES: [&str; 4] = [
    "/usr/lib/apache2/modules",
    "/usr/lib64/httpd/modules",
    "/usr/lib64/apache2",
    "/usr/local/apache2/modules",
];

/// The text of the file.
pub fn text(answers: &Answers) -> String {
    let Answers {
        server_name,
        tree,
        host,
        port,
        plan,
        city_db,
        ..
    } = answers;
    let modules = MODULES.iter().find(|path| Path::new(path).is_dir());
    let modules = modules.copied().unwrap_or("modules");
    let (tree, city) = (tree.display(), city_db.display());
    let comment = if city_db.exists() { "" } else { "#" };
    let database = params(
        host,
        *port,
        &plan.web_role,
        &plan.web_password,
        &plan.database,
    );
    let database = database.replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        r#"# Made by mb init; yours to change. It holds a password: let only root read it.

<IfModule !mod_mirrorbrain.c>
    LoadModule mirrorbrain_module {modules}/mod_mirrorbrain.so
</IfModule>

<VirtualHost *:80>
    ServerName {server_name}
    DocumentRoot "{tree}"

    DBDriver  pgsql
    DBDParams "{database} connect_timeout=5"
    MirrorBrainCompatible Off

    # Where clients are: a file of MaxMind's form, as geoipupdate fetches it.
    {comment}MirrorBrainGeoDatabase {city}

    <Directory "{tree}">
        Require all granted
        Options Indexes FollowSymLinks
        MirrorBrainEngine On
        # Small files cost less to send than to redirect.
        MirrorBrainMinSize 4096
        # Signatures and checksums come from here, where they can be trusted.
        MirrorBrainExcludeFileMask "\.(asc|sig|md5|sha1|sha256|sha512)$"
    </Directory>
</VirtualHost>
"#
    )
}

/// Writes it, unless there is such a file, and says so.
pub fn write(path: &Path, text: &str) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let state = match file {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).map_err(failed)?;
            "written"
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => "there",
        Err(error) => return Err(failed(error)),
    };
    Ok(format!("{} is {state}.", path.display()))
}
