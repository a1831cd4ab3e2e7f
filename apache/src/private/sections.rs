//! Sections that can single a file out of its directory: the arrays of the core's configuration, which
//! httpd has no accessors for. Their names are the same since 2.4.0; `apache-sys` tests the layout against the
//! installed headers.

use crate::pool::c_str;
use crate::request::Request;
use apache_sys as sys;
use std::ffi::{CStr, c_int};

/// Loosely: without regard to case, and `*` matches anything.
const LOOSE: c_int = sys::APR_FNM_CASE_BLIND as c_int;

/// A `<Files>` or `<Location>` section's name.
enum SectionName<'c> {
    Text(&'c CStr),
    Wildcard(&'c CStr),
    Regex {
        compiled: *const sys::ap_regex_t,
        /// What every match begins with, where that is plain to see.
        first: Option<u8>,
    },
}

/// The first byte of whatever `pattern` matches, if it begins with a literal mark that is
/// anchored, as `^\.ht` does. A letter may stand for two; groups and alternatives may hide
/// another beginning.
fn first_byte(pattern: &[u8]) -> Option<u8> {
    let [b'^', b'\\', mark, rest @ ..] = pattern else {
        return None;
    };
    let optional = rest.first().is_some_and(|next| b"?*{".contains(next));
    let hidden = rest.iter().any(|b| b"|(".contains(b));
    (mark.is_ascii_punctuation() && !optional && !hidden).then_some(*mark)
}

impl<'c> SectionName<'c> {
    fn of(core: &'c sys::core_dir_config) -> Option<Self> {
        // SAFETY: the section's name lives as long as the section.
        let name = unsafe { c_str(core.d.cast_const()) }?;
        if !core.r.is_null() {
            return Some(Self::Regex {
                compiled: core.r,
                first: first_byte(name.to_bytes()),
            });
        }
        Some(if core.d_is_fnmatch() != 0 {
            Self::Wildcard(name)
        } else {
            Self::Text(name)
        })
    }

    /// Whether the pattern, if it is one, may match.
    fn may_match_pattern(&self, text: &CStr) -> bool {
        match self {
            Self::Text(_) => false,
            // SAFETY: two C strings.
            Self::Wildcard(pattern) => unsafe {
                sys::apr_fnmatch(pattern.as_ptr(), text.as_ptr(), LOOSE) == 0
            },
            Self::Regex {
                first: Some(first), ..
            } if text.to_bytes().first() != Some(first) => false,
            // SAFETY: a compiled pattern of the configuration and a C string.
            Self::Regex { compiled, .. } => unsafe {
                sys::ap_regexec(*compiled, text.as_ptr(), 0, std::ptr::null_mut(), 0) == 0
            },
        }
    }
}

/// The sections that may treat a file unlike its directory.
pub struct EntrySections<'r> {
    files: Vec<SectionName<'r>>,
    locations: Vec<SectionName<'r>>,
    /// The listing's path, to which a name is appended.
    uri: Vec<u8>,
}

impl<'r> EntrySections<'r> {
    /// The sections in force for `listing`, a request for a directory. `None` if they cannot be
    /// judged by a name: an `<If>`, a handler that is an expression, an odd path.
    pub fn of(listing: Request<'r>) -> Option<Self> {
        let uri = listing.uri();
        if !uri.ends_with(b"/") || uri.windows(2).any(|pair| pair == b"//") {
            return None;
        }
        // SAFETY: a live request.
        let vector = unsafe { (*listing.as_ptr()).per_dir_config };
        // SAFETY: the core's record of a live vector.
        let core = unsafe { sys::ap_get_core_module_config(vector) };
        // SAFETY: the core keeps this type there.
        let core = unsafe { core.cast::<sys::core_dir_config>().as_ref() }?;
        // SAFETY: null or an array of the configuration.
        let conditions = unsafe { core.sec_if.as_ref() }.map_or(0, |array| array.nelts);
        if conditions != 0 || !core.expr_handler.is_null() {
            return None;
        }
        let server = listing.server().as_ptr();
        // SAFETY: a live server.
        let vector = unsafe { (*server).module_config };
        // SAFETY: the core's record of a live vector.
        let core_server = unsafe { sys::ap_get_core_module_config(vector) };
        // SAFETY: the core keeps this type there.
        let core_server = unsafe { core_server.cast::<sys::core_server_config>().as_ref() }?;

        // SAFETY: arrays of sections; the configuration outlives its requests.
        let files = unsafe { section_names(core.sec_file) }?;
        // SAFETY: as above.
        let locations = unsafe { section_names(core_server.sec_url) }?;
        let own = listing.pool().copy_bytes(uri);
        if locations.iter().any(|name| name.may_match_pattern(own)) {
            return None;
        }
        Some(Self {
            files,
            locations: locations
                .into_iter()
                .filter(|name| match name {
                    // A section for this directory or one above it holds for every entry.
                    SectionName::Text(text) => {
                        text.to_bytes().len() > uri.len() && text.to_bytes().starts_with(uri)
                    }
                    _ => true,
                })
                .collect(),
            uri: uri.to_vec(),
        })
    }

    /// The entry `name`, if no section may hold for it and not for the directory.
    pub fn alike<'n>(&self, name: &'n CStr) -> Option<Alike<'n>> {
        let fits = name.to_bytes().len() <= LONGEST_NAME;
        (fits && !self.single_out(name)).then_some(Alike(name))
    }

    fn single_out(&self, name: &CStr) -> bool {
        let file = |section: &SectionName<'_>| match section {
            SectionName::Text(text) => text.to_bytes().eq_ignore_ascii_case(name.to_bytes()),
            pattern => pattern.may_match_pattern(name),
        };
        if self.files.iter().any(file) {
            return true;
        }
        if self.locations.is_empty() {
            return false;
        }
        let uri = [&self.uri, name.to_bytes_with_nul()].concat();
        let Ok(uri) = CStr::from_bytes_with_nul(&uri) else {
            return true;
        };
        self.locations.iter().any(|section| match section {
            SectionName::Text(text) => uri.to_bytes().starts_with(text.to_bytes()),
            pattern => pattern.may_match_pattern(uri),
        })
    }
}

/// Longest name that is judged, in bytes. Linux has no file system with longer ones than 1020.
pub(crate) const LONGEST_NAME: usize = 1023;

/// The name of a directory's entry that has the configuration of the directory.
#[derive(Clone, Copy, Debug)]
pub struct Alike<'n>(&'n CStr);

impl<'n> Alike<'n> {
    /// The name.
    pub fn name(self) -> &'n CStr {
        self.0
    }
}

/// # Safety
/// `sections` must be null or an APR array of configuration vectors that live for `'c`.
unsafe fn section_names<'c>(
    sections: *const sys::apr_array_header_t,
) -> Option<Vec<SectionName<'c>>> {
    // SAFETY: by contract.
    let Some(sections) = (unsafe { sections.as_ref() }) else {
        return Some(Vec::new());
    };
    let count = usize::try_from(sections.nelts).unwrap_or(0);
    let first = sections.elts.cast::<*const sys::ap_conf_vector_t>();
    (0..count)
        .map(|i| {
            // SAFETY: `i` is below the array's length.
            let element = unsafe { first.add(i) };
            // SAFETY: an element of the array.
            let vector = unsafe { *element };
            // SAFETY: the core's record of a live vector.
            let core = unsafe { sys::ap_get_core_module_config(vector) };
            // SAFETY: the core keeps this type there.
            let core = unsafe { core.cast::<sys::core_dir_config>().as_ref() }?;
            SectionName::of(core)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::first_byte;

    #[test]
    fn only_an_anchored_literal_mark_is_a_first_byte() {
        assert_eq!(first_byte(br"^\.ht"), Some(b'.'));
        for pattern in [
            &br"\.ht"[..],
            br"^\.?ht",
            br"^\.ht|x",
            br"^(\.ht)",
            b"^a",
            br"^\d",
            b"",
        ] {
            assert_eq!(first_byte(pattern), None, "{pattern:?}");
        }
    }
}
