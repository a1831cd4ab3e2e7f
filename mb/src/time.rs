//! Times as C writes them.

use jiff::{Timestamp, Zoned};

/// `Wed Nov 25 10:00:00 2026`, in the time zone of the machine, as `ctime` of C and Python has it.
pub(crate) fn ctime() -> String {
    Zoned::now().strftime("%a %b %e %H:%M:%S %Y").to_string()
}

/// `Wed, 25 Nov 2026 10:00:00 UTC`, and the same in seconds since the epoch.
pub(crate) fn utc() -> (i64, String) {
    let now = Timestamp::now();
    (
        now.as_second(),
        now.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string(),
    )
}
