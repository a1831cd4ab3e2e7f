//! Time and size as a page shows them.

use crate::times::{clock, digits, local, month};
use crate::{Size, Time};

/// Units of sizes, by the power of 1000 or 1024.
const UNITS: &str = "KMGTP";

/// Time and size, from the text behind a link; `None` without a date. What follows the size does not matter.
pub(super) fn details(text: &str) -> Option<(Time, Size)> {
    let words: Vec<&str> = text.split_whitespace().take(12).collect();
    words.iter().enumerate().find_map(|(place, word)| {
        let (day, rest) = match word.split_once('T') {
            Some((day, time)) => (self::day(day)?, Some(time)),
            None => (self::day(word)?, None),
        };
        let (time, next) = match rest {
            Some(time) => (Some(time.trim_end_matches('Z')), place + 1),
            None => (words.get(place + 1).copied(), place + 2),
        };
        let clock = time.and_then(|time| clock(time.as_bytes()));
        let next = if clock.is_some() { next } else { place + 1 };
        let mtime = local(day, clock)?;
        Some((mtime, size(words.get(next..).unwrap_or_default())))
    })
}

/// `2023-11-14`, `2023-Nov-14` or `14-Nov-2023`.
fn day(word: &str) -> Option<(i16, i8, i8)> {
    let mut parts = word.split('-').map(str::as_bytes);
    let (first, middle, last) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let month = match middle.len() {
        3 => month(middle)?,
        _ => digits(middle)?,
    };
    match (first.len(), last.len()) {
        (4, 1 | 2) => Some((digits(first)?, month, digits(last)?)),
        (1 | 2, 4) => Some((digits(last)?, month, digits(first)?)),
        _ => None,
    }
}

/// `2048`, `5.0K`, `5 KB` or `5.1 MiB`.
fn size(words: &[&str]) -> Size {
    let Some(word) = words.first() else {
        return Size::Unknown;
    };
    let end = word.find(|letter: char| letter.is_ascii_alphabetic());
    let (number, mut unit) = word
        .split_at_checked(end.unwrap_or(word.len()))
        .unwrap_or_default();
    if unit.is_empty()
        && let Some(next) = words.get(1)
        && (2..=3).contains(&next.len())
        && next.ends_with('B')
    {
        unit = next;
    }
    let is_number = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let mut letters = unit.chars();
    match (letters.next(), letters.as_str()) {
        _ if !is_number => Size::Unknown,
        (None | Some('B'), "") => number.parse().map_or(Size::Unknown, Size::Exact),
        (Some(unit), "" | "B" | "iB") => rounded(number, unit),
        _ => Size::Unknown,
    }
}

/// What a number of a page may mean: servers round up, down or to the next, and by 1000 or 1024.
fn rounded(number: &str, unit: char) -> Size {
    let (Some(power), Ok(value)) = (UNITS.find(unit.to_ascii_uppercase()), number.parse::<f64>())
    else {
        return Size::Unknown;
    };
    let power = i32::try_from(power).unwrap_or(0) + 1;
    let places = number.split_once('.').map_or(0, |(_, places)| places.len());
    let step = 0.1_f64.powi(i32::try_from(places).unwrap_or(0));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates"
    )]
    let bytes = |number: f64, base: f64| (number.max(0.0) * base.powi(power)) as u64;
    Size::Between(bytes(value - step, 1000.0), bytes(value + step, 1024.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_sizes_are_found_in_every_form() {
        let minute = 1_700_000_000 - 20;
        for text in [
            " 2023-11-14 22:13  5.0K text",
            "14-Nov-2023 22:13    5.0K",
            "2023-Nov-14 22:13 5.0 KiB  application/x",
            "2023-11-14T22:13Z 5.0KB",
        ] {
            let (time, size) = details(text).unwrap();
            assert!(
                time.may_be(minute, 0) && time.may_be(minute + 59, 0),
                "{text}"
            );
            assert!(!time.may_be(minute - 2 * 86_400, 0), "{text}");
            assert_eq!(size, Size::Between(4900, 5222), "{text}");
        }
        let size = |text: &str| details(&format!("2023-11-14 22:13 {text}")).map(|found| found.1);
        for (text, expected) in [
            ("-", Size::Unknown),
            ("2048", Size::Exact(2048)),
            ("12 B-sides", Size::Exact(12)),
            ("12B", Size::Exact(12)),
            ("1,024", Size::Unknown),
            ("12X", Size::Unknown),
            ("99999999999999999999", Size::Unknown),
            ("", Size::Unknown),
        ] {
            assert_eq!(size(text), Some(expected), "{text}");
        }
        for text in ["", "5.0K", "2023-13-14 22:13", "a-b-c", "2023-11-14-1"] {
            assert_eq!(details(text), None, "{text}");
        }
    }
}
