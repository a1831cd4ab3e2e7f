//! Reading the arguments of directives. An error is one sentence that names the directive and
//! the value; httpd puts file and line in front.

use crate::command::Command;
use std::ffi::CStr;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

/// `Directive: "value" what is wrong`.
pub fn wrong(command: &Command<'_>, value: &str, what: impl Display) -> String {
    format!("{}: \"{value}\" {what}", command.name())
}

/// The `index`th argument.
pub fn c_str<'a>(args: &[&'a CStr], index: usize) -> &'a CStr {
    args.get(index).copied().unwrap_or_default()
}

/// The `index`th argument as text.
pub fn text<'a>(command: &Command<'_>, args: &[&'a CStr], index: usize) -> Result<&'a str, String> {
    let value = c_str(args, index);
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

/// The only argument as text, for a value that must not be repeated in an error: it is a secret,
/// or holds one.
pub fn secret<'a>(command: &Command<'_>, args: &[&'a CStr]) -> Result<&'a str, String> {
    c_str(args, 0)
        .to_str()
        .map_err(|_| format!("{}: the value is not valid UTF-8", command.name()))
}
