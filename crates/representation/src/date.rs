//! Times as the documents write them.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// `Tue, 14 Nov 2023 22:13:20 GMT`, as zsync and Metalink 3 write it (RFC 822 with a full year).
/// A time that the format cannot express is written as the start of 1970.
pub(crate) fn rfc822(seconds: i64) -> String {
    let printer = DateTimePrinter::new();
    let text = |time: &Timestamp| printer.timestamp_to_rfc9110_string(time).ok();
    timestamp(seconds)
        .as_ref()
        .and_then(text)
        .unwrap_or_else(|| EPOCH_RFC822.to_owned())
}

/// `2023-11-14T22:13:20Z`, as Metalink 4 writes it (RFC 3339). As above.
pub(crate) fn rfc3339(seconds: i64) -> String {
    timestamp(seconds)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

const EPOCH_RFC822: &str = "Thu, 01 Jan 1970 00:00:00 GMT";

/// Years before 1 or after 9999 have no place in either format.
fn timestamp(seconds: i64) -> Option<Timestamp> {
    const FIRST: i64 = -62_135_596_800;
    (seconds >= FIRST)
        .then(|| Timestamp::from_second(seconds).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_gmt() {
        assert_eq!(rfc822(1_700_000_000), "Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(rfc3339(1_700_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(rfc822(4_102_444_800), "Fri, 01 Jan 2100 00:00:00 GMT");
    }

    #[test]
    fn m38_times_beyond_2038_and_absurd_ones_are_written() {
        assert_eq!(rfc3339(4_102_444_800), "2100-01-01T00:00:00Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59Z");
        for absurd in [i64::MIN, i64::MAX] {
            assert_eq!(rfc822(absurd), EPOCH_RFC822);
            assert_eq!(rfc3339(absurd), "1970-01-01T00:00:00Z");
        }
    }
}
