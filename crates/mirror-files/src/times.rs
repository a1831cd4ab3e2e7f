//! Times as servers write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::Time;

/// Clocks may be so many seconds behind and before UTC; most listings do not tell which one is theirs.
const BEHIND: i64 = 12 * 3600;
const BEFORE: i64 = 14 * 3600;

/// Names of months in English, and their numbers.
const MONTHS: [&[u8]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

/// The number of a month, by its first three letters.
pub(crate) fn month(name: &[u8]) -> Option<i8> {
    let name = name.get(..3)?.to_ascii_lowercase();
    let place = MONTHS.iter().position(|month| **month == *name)?;
    i8::try_from(place + 1).ok()
}

/// The number that digits are, if they are few.
pub(crate) fn digits<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Hours, minutes and perhaps seconds: `22:13:20`.
pub(crate) fn clock(text: &[u8]) -> Option<(i8, i8, Option<i8>)> {
    let mut parts = text.split(|byte| *byte == b':');
    let (hour, minute) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let second = match parts.next() {
        Some(text) => Some(digits(text)?),
        None => None,
    };
    let is_good = parts.next().is_none() && hour < 24 && minute < 60 && second.unwrap_or(0) <= 60;
    is_good.then_some((hour, minute, second))
}

/// The second of a time in UTC.
pub(crate) fn utc(year: i16, month: i8, day: i8, clock: (i8, i8, i8)) -> Option<i64> {
    // A leap second is none for files.
    let (hour, minute, second) = clock;
    let civil = DateTime::new(year, month, day, hour, minute, second.min(59), 0).ok()?;
    Some(TimeZone::UTC.to_timestamp(civil).ok()?.as_second())
}

/// From a second of some clock on, for so many seconds, wherever that clock is.
pub(crate) fn somewhere(second: i64, long: i64) -> Time {
    Time::Between(second - BEFORE, second + BEHIND + long - 1)
}

/// A day, or with a clock a minute or second of it, wherever the clock is.
pub(crate) fn local(
    (year, month, day): (i16, i8, i8),
    clock: Option<(i8, i8, Option<i8>)>,
) -> Option<Time> {
    Some(match clock {
        None => somewhere(utc(year, month, day, (0, 0, 0))?, 86_400),
        Some((hour, minute, None)) => somewhere(utc(year, month, day, (hour, minute, 0))?, 60),
        Some((hour, minute, Some(second))) => {
            somewhere(utc(year, month, day, (hour, minute, second))?, 1)
        }
    })
}
