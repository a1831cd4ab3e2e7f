//! httpd's own regular expressions (PCRE) and wildcards, so that patterns mean what they
//! mean in the rest of the configuration.

use apache_sys as sys;
use std::ffi::{CStr, c_int};
use std::fmt;

/// A compiled regular expression: unanchored, case-sensitive.
pub struct Regex {
    compiled: Box<sys::ap_regex_t>,
}

// SAFETY: a compiled pattern is only read by matching (PCRE's guarantee).
unsafe impl Send for Regex {}
// SAFETY: as above.
unsafe impl Sync for Regex {}

/// The pattern does not compile.
#[derive(Debug)]
pub struct PatternError;

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a valid regular expression")
    }
}

/// Byte ranges of a match: the whole, then `$1` to `$9`.
pub type Matches = [Option<(usize, usize)>; 10];

impl Regex {
    /// Compiles `pattern`.
    pub fn new(pattern: &CStr) -> Result<Self, PatternError> {
        // SAFETY: plain integers and pointers; zero is what ap_regcomp expects to fill.
        let mut compiled: Box<sys::ap_regex_t> = Box::new(unsafe { std::mem::zeroed() });
        // SAFETY: a C string; the structure is ours.
        let status = unsafe { sys::ap_regcomp(&mut *compiled, pattern.as_ptr(), 0) };
        if status != 0 {
            return Err(PatternError);
        }
        Ok(Self { compiled })
    }

    /// Whether the pattern occurs in `text`.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.execute(text, &mut [])
    }

    /// The ranges of the first match.
    pub fn find(&self, text: &[u8]) -> Option<Matches> {
        let mut found = [sys::ap_regmatch_t {
            rm_so: -1,
            rm_eo: -1,
        }; 10];
        if !self.execute(text, &mut found) {
            return None;
        }
        Some(found.map(|range| {
            Some((
                usize::try_from(range.rm_so).ok()?,
                usize::try_from(range.rm_eo).ok()?,
            ))
        }))
    }

    fn execute(&self, text: &[u8], found: &mut [sys::ap_regmatch_t]) -> bool {
        // SAFETY: the lengths belong to the buffers.
        let status = unsafe {
            sys::ap_regexec_len(
                &*self.compiled,
                text.as_ptr().cast(),
                text.len(),
                found.len(),
                found.as_mut_ptr(),
                0,
            )
        };
        status == 0
    }
}

impl Drop for Regex {
    fn drop(&mut self) {
        // SAFETY: compiled once, freed once.
        unsafe { sys::ap_regfree(&mut *self.compiled) };
    }
}

/// Whether the wildcard `pattern` (`*`, `?`, `[...]`) covers the whole of `text`, without
/// regard to case; `*` matches `/` too.
pub fn wildcard_match(pattern: &CStr, text: &CStr) -> bool {
    let flags = sys::APR_FNM_CASE_BLIND as c_int;
    // SAFETY: two C strings.
    unsafe { sys::apr_fnmatch(pattern.as_ptr(), text.as_ptr(), flags) == 0 }
}
