//! httpd's and APR's ways with text, for modules that must agree with them to the byte.

use crate::pool::{Pool, c_str};
use apache_sys as sys;
use std::cmp::Ordering;
use std::ffi::{CStr, c_int};

/// What the listings of the httpd that these modules are built for begin with, unless they are XHTML.
pub const LISTING_DOCTYPE: &CStr = match CStr::from_bytes_with_nul(sys::LISTING_DOCTYPE) {
    Ok(text) => text,
    Err(_) => panic!("a string literal of C"),
};

/// Four characters for a number of bytes, right-aligned: ` 10K`, `1.0G`; `  - ` for `None`. The same
/// as apr_strfsize writes; its general formatter is what a long listing would spend its time in.
pub fn format_size(bytes: Option<u64>) -> [u8; 4] {
    let Some(mut size) = bytes else {
        return *b"  - ";
    };
    let mut unit = b' ';
    let mut units = b"KMGTPE".iter();
    let mut rest = 0;
    // Beyond 972 the next unit takes no more room.
    while size >= 973
        && let Some(next) = units.next()
    {
        rest = size & 1023;
        size >>= 10;
        unit = *next;
    }
    let digit = |number: u64| b'0' + (number % 10) as u8;
    if unit != b' ' && (size < 9 || (size == 9 && rest < 973)) {
        let tenths = (rest * 5 + 256) / 512;
        let (size, tenths) = if tenths >= 10 {
            (size + 1, 0)
        } else {
            (size, tenths)
        };
        return [digit(size), b'.', digit(tenths), unit];
    }
    let size = size + u64::from(rest >= 512);
    let leading = |number: u64| if number == 0 { b' ' } else { digit(number) };
    [leading(size / 100), leading(size / 10), digit(size), unit]
}

/// A time in the server's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Such as 2026
    pub year: i32,
    /// 0 to 11
    pub month: usize,
    /// 1 to 31
    pub day: i32,
    /// 0 to 23
    pub hour: i32,
    /// 0 to 59
    pub minute: i32,
}

impl LocalTime {
    /// `seconds` since 1970.
    pub fn new(seconds: i64) -> Self {
        // SAFETY: a structure of integers; APR fills it.
        let mut time: sys::apr_time_exp_t = unsafe { std::mem::zeroed() };
        // SAFETY: writes to the structure only.
        unsafe { sys::apr_time_exp_lt(&mut time, seconds.saturating_mul(1_000_000)) };
        Self {
            year: time.tm_year + 1900,
            month: usize::try_from(time.tm_mon).unwrap_or(0),
            day: time.tm_mday,
            hour: time.tm_hour,
            minute: time.tm_min,
        }
    }
}

/// Order of names with numbers in them, as people count: `a9` before `a10`.
pub fn natural_order(a: &CStr, b: &CStr, ignore_case: bool) -> Ordering {
    let order = if ignore_case {
        // SAFETY: two C strings.
        unsafe { sys::apr_strnatcasecmp(a.as_ptr(), b.as_ptr()) }
    } else {
        // SAFETY: two C strings.
        unsafe { sys::apr_strnatcmp(a.as_ptr(), b.as_ptr()) }
    };
    order.cmp(&0)
}

/// Whether `text` has one of the wildcards `*` and `?` of [`simple_match`].
pub fn has_simple_wildcard(text: &CStr) -> bool {
    // SAFETY: a C string.
    unsafe { sys::ap_is_matchexp(text.as_ptr()) != 0 }
}

/// Whether `text` as a whole matches `pattern`, in which `*` stands for any characters, `/`
/// included, and `?` for one.
pub fn simple_match(text: &CStr, pattern: &CStr) -> bool {
    // SAFETY: two C strings.
    unsafe { sys::ap_strcmp_match(text.as_ptr(), pattern.as_ptr()) == 0 }
}

/// As [`simple_match`], without regard to case.
pub fn simple_match_ignoring_case(text: &CStr, pattern: &CStr) -> bool {
    // SAFETY: two C strings.
    unsafe { sys::ap_strcasecmp_match(text.as_ptr(), pattern.as_ptr()) == 0 }
}

/// Whether `text` has a wildcard of [`file_match`].
pub fn has_file_wildcard(text: &CStr) -> bool {
    // SAFETY: a C string.
    unsafe { sys::apr_fnmatch_test(text.as_ptr()) != 0 }
}

/// How [`file_match`] reads a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileMatch {
    /// fnmatch(3) without flags.
    Plain,
    /// A backslash is an ordinary character, and a leading dot must be matched by a dot.
    NoEscapePeriod,
}

/// Whether `text` as a whole matches the shell pattern (`*`, `?`, `[...]`).
pub fn file_match(pattern: &CStr, text: &CStr, how: FileMatch) -> bool {
    let flags = match how {
        FileMatch::Plain => 0,
        FileMatch::NoEscapePeriod => sys::APR_FNM_NOESCAPE | sys::APR_FNM_PERIOD,
    };
    // SAFETY: two C strings.
    unsafe { sys::apr_fnmatch(pattern.as_ptr(), text.as_ptr(), flags as c_int) == 0 }
}

/// Decodes `%xx`. `None` for a bad escape, and for an encoded NUL or slash.
pub fn unescape_url<'p>(pool: Pool<'p>, text: &[u8]) -> Option<&'p CStr> {
    let copy = pool.copy_raw(text);
    // SAFETY: decoding never lengthens; nobody else has the copy.
    let status = unsafe { sys::ap_unescape_url(copy) };
    if status != sys::OK {
        return None;
    }
    // SAFETY: still a C string in the pool.
    unsafe { c_str(copy) }
}

#[cfg(test)]
mod tests {
    use super::format_size;

    /// What apr_strfsize writes for these numbers.
    #[test]
    fn sizes_take_four_characters() {
        for (bytes, text) in [
            (Some(0), "  0 "),
            (Some(972), "972 "),
            (Some(973), "1.0K"),
            (Some(1_023), "1.0K"),
            (Some(9_961), "9.7K"),
            (Some(10_188), "9.9K"),
            (Some(10_189), " 10K"),
            (Some(995_000), "972K"),
            (Some(996_352), "1.0M"),
            (Some(1 << 20), "1.0M"),
            (Some(u64::MAX), " 16E"),
            (None, "  - "),
        ] {
            assert_eq!(
                std::str::from_utf8(&format_size(bytes)),
                Ok(text),
                "{bytes:?}"
            );
        }
    }
}
