//! Reading the arguments of directives. An error is one sentence that names the directive and
//! the value; httpd puts file and line in front.

use apache::{Command, Regex};
use std::ffi::CStr;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// `Directive: "value" what is wrong`.
pub fn wrong(command: &Command<'_>, value: &str, what: impl Display) -> String {
    format!("{}: \"{value}\" {what}", command.name())
}

/// The `index`th argument.
pub fn bytes<'a>(args: &[&'a CStr], index: usize) -> &'a CStr {
    args.get(index).copied().unwrap_or_default()
}

/// The `index`th argument as text.
pub fn text<'a>(command: &Command<'_>, args: &[&'a CStr], index: usize) -> Result<&'a str, String> {
    let value = bytes(args, index);
    value
        .to_str()
        .map_err(|_| wrong(command, &value.to_string_lossy(), "is not valid UTF-8"))
}

/// A number of at least `least`; `unit` says of what.
pub fn number<T>(command: &Command<'_>, args: &[&CStr], least: T, unit: &str) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    let value = text(command, args, 0)?;
    match value.parse::<T>() {
        Ok(number) if number >= least => Ok(number),
        _ => Err(wrong(
            command,
            value,
            format_args!("is not a number of {unit}, {least} or more"),
        )),
    }
}

/// A number of seconds of at least `least`.
pub fn seconds(command: &Command<'_>, args: &[&CStr], least: u32) -> Result<Duration, String> {
    let seconds: u32 = number(command, args, least, "seconds")?;
    Ok(Duration::from_secs(seconds.into()))
}

/// A regular expression.
pub fn regex(command: &Command<'_>, args: &[&CStr]) -> Result<Arc<Regex>, String> {
    let pattern = bytes(args, 0);
    match Regex::new(pattern) {
        Ok(regex) => Ok(Arc::new(regex)),
        Err(problem) => Err(wrong(command, &pattern.to_string_lossy(), problem)),
    }
}

/// A file name, relative to ServerRoot.
pub fn file(command: &Command<'_>, args: &[&CStr]) -> Result<Arc<Path>, String> {
    let name = text(command, args, 0)?;
    match command
        .server_root_relative(bytes(args, 0))
        .map(CStr::to_str)
    {
        Some(Ok(path)) if !name.is_empty() => Ok(Path::new(path).into()),
        _ => Err(wrong(command, name, "is not a valid file name")),
    }
}
