//! What the installed httpd says about itself, through apxs.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::command::{find, run};

/// The apxs program: `APXS` in the environment, else `apxs` or `apxs2` from PATH.
pub fn program() -> PathBuf {
    std::env::var_os("APXS")
        .map(PathBuf::from)
        .or_else(|| find("apxs"))
        .or_else(|| find("apxs2"))
        .expect("apxs: install httpd's development files, or name the program in APXS")
}

/// The value of an apxs variable, such as `LIBEXECDIR`.
pub fn query(variable: &str) -> String {
    run(Command::new(program()).args(["-q", variable]))
        .trim()
        .to_owned()
}

/// The httpd program, whatever it is called here.
pub fn httpd() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM
        .get_or_init(|| PathBuf::from(query("SBINDIR")).join(query("PROGNAME")))
        .clone()
}

/// The directory of httpd's own modules.
pub fn module_dir() -> PathBuf {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| query("LIBEXECDIR").into()).clone()
}
