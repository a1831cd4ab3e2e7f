//! Arguments that mean something to this module only.

use apache::argument::{c_str, text, wrong};
use apache::{Command, Regex};
use std::ffi::CStr;
use std::path::Path;
use std::sync::Arc;

/// A regular expression.
pub fn regex(command: &Command<'_>, args: &[&CStr]) -> Result<Arc<Regex>, String> {
    let pattern = c_str(args, 0);
    match Regex::new(pattern) {
        Ok(regex) => Ok(Arc::new(regex)),
        Err(problem) => Err(wrong(command, &pattern.to_string_lossy(), problem)),
    }
}

/// A file name, relative to ServerRoot.
pub fn file(command: &Command<'_>, args: &[&CStr]) -> Result<Arc<Path>, String> {
    let name = text(command, args, 0)?;
    match command
        .server_root_relative(c_str(args, 0))
        .map(CStr::to_str)
    {
        Some(Ok(path)) if !name.is_empty() => Ok(Path::new(path).into()),
        _ => Err(wrong(command, name, "is not a valid file name")),
    }
}
