//! httpd's log for crates that know nothing of httpd.

use apache::{Definition, Level, ProcessLog};
use background::{LogLevel, Logger};
use std::sync::Arc;

/// Writes to the log of module `D` in this child.
pub fn logger<D: Definition>(log: &Arc<ProcessLog<D>>) -> Logger {
    let log = Arc::clone(log);
    Arc::new(move |level, text| log.log(level_of(level), text))
}

fn level_of(level: LogLevel) -> Level {
    match level {
        LogLevel::Error => Level::Error,
        LogLevel::Warning => Level::Warning,
        LogLevel::Notice => Level::Notice,
        LogLevel::Debug => Level::Debug,
    }
}
