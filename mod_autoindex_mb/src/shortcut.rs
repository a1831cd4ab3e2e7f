//! When a file need not be looked up to be listed.
//!
//! A listing needs to know of each file whether httpd would refuse it, its type, size and
//! date, and perhaps its content type. httpd finds the first of these by a sub-request: it
//! makes a request, merges the sections that hold for the file, checks access if they are
//! others than those of the directory, and runs the hooks that find its type and make last
//! changes. For a regular file (no symbolic link) the sub-request is left out where all of
//! this is known beforehand:
//!
//! 1. No `<Files>`, `<Location>` or `<If>` section can hold for the file and not for the
//!    directory ([`apache::EntrySections`]). The file then has the very configuration of the
//!    directory. `<Directory>` sections and `.htaccess` files are those of the directory,
//!    which has been served with them already.
//! 2. With the same configuration httpd itself skips the access check: what let the client
//!    see the directory lets it see the file. This is not taken for granted but observed: the
//!    first such file of each listing is looked up, and the rest follow only if that lookup
//!    was granted with the identical merged configuration (the same pointer).
//! 3. Every hook of the other stages belongs to a module of the table behind [`LookupHook::effect`], of which it is
//!    known that it does nothing to the status, size or date of a regular file that exists;
//!    or does so only by directives in sections, and none is in force here.
//!
//! The content type is found by few of these hooks ([`LookupHook::finds_types`]), which look at
//! the name and the configuration and nothing else. Where icons, texts or links depend on it
//! they are run as a sub-request would run them; where nothing does, they are not run.

use apache::{Alike, EntrySections, HookEffect, LookupHook, Request};
use std::ffi::CStr;

/// What makes lookups of this directory's files unnecessary.
pub struct Shortcut<'r> {
    sections: EntrySections<'r>,
    /// All hooks of a lookup.
    pub hooks: Vec<LookupHook<'r>>,
}

/// Longest path, in bytes, for which the shortcut is taken: httpd refuses paths near the
/// system's limit of 4096.
const LONGEST_PATH: usize = 2048;

impl<'r> Shortcut<'r> {
    /// `None` if the files of `listing` must be looked up one by one.
    pub fn of(listing: Request<'r>) -> Option<Self> {
        let sections = EntrySections::of(listing)?;
        if listing.filename()?.to_bytes().len() > LONGEST_PATH {
            return None;
        }
        let hooks = LookupHook::all(listing);
        for hook in &hooks {
            if let HookEffect::BySection = hook.effect()?
                && listing.is_configured_in_section(hook.module)
            {
                return None;
            }
        }
        Some(Self { sections, hooks })
    }

    /// The regular file `name`, if it is like any other here.
    pub fn covers<'n>(&self, name: &'n CStr) -> Option<Alike<'n>> {
        self.sections.alike(name)
    }
}
