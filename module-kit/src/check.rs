//! What is wrong with the databases, once all is read.

use crate::{DbdRecord, DbdSettings};
use apache::{Definition, Server};

/// Checks the databases of all servers, `main` and those behind it. `needs` tells whether sections of
/// a server itself use its database: a server may have one of another kind for its own purposes.
///
/// # Errors
/// Lines for the administrator.
pub fn check<D>(main: Server<'_>, needs: impl Fn(&D::Server) -> bool) -> Result<(), String>
where
    D: Definition,
    D::Server: DbdRecord,
{
    let configs = || main.all().filter_map(|server| server.config::<D>());
    let settings = || configs().map(DbdRecord::dbd);
    if let Some(problem) = settings().find_map(DbdSettings::problem) {
        return Err(problem.to_owned());
    }
    let refused = |config: &&D::Server| needs(config) && config.dbd().other_driver().is_some();
    let Some(refused) = configs().find(refused) else {
        return Ok(());
    };
    // The sections of the main server may be for the virtual hosts that have a database of ours.
    let is_main = main
        .config::<D>()
        .is_some_and(|main| std::ptr::eq(main, refused));
    if is_main && settings().any(|settings| settings.connection().is_some()) {
        return Ok(());
    }
    let driver = refused.dbd().other_driver().unwrap_or_default();
    Err(format!(
        "DBDriver: \"{driver}\" is not supported, only pgsql is"
    ))
}
