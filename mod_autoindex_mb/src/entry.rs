//! One line of a listing.

use std::ffi::CStr;

/// What is shown of a file or directory.
pub struct Entry<'r> {
    /// The name, of a symbolic link its own; a directory's ends with a slash. The parent directory's is its URL path, the
    /// only one that starts with a slash.
    pub name: &'r CStr,
    /// Listed before all files (`FoldersFirst`).
    pub first: bool,
    /// Bytes, for the size column; `None` for directories.
    pub size: Option<u64>,
    /// Last change in microseconds since 1970.
    pub modified: Option<i64>,
    pub icon: Option<&'r [u8]>,
    pub text: Option<&'r [u8]>,
    pub description: Option<std::borrow::Cow<'r, [u8]>>,
    /// There is a mirror list to link to.
    pub has_list: bool,
}

impl<'r> Entry<'r> {
    /// An entry of which no more than its name is known.
    pub fn new(name: &'r CStr) -> Self {
        Self {
            name,
            first: false,
            size: None,
            modified: None,
            icon: None,
            text: None,
            description: None,
            has_list: false,
        }
    }

    /// Whether this is the line that leads up.
    pub fn is_parent(&self) -> bool {
        self.name.to_bytes().starts_with(b"/")
    }

    /// The description; empty if there is none.
    pub fn description(&self) -> &[u8] {
        self.description.as_deref().unwrap_or(b"")
    }

    /// What people read as its name.
    pub fn shown_name(&self) -> &[u8] {
        if self.is_parent() {
            b"Parent Directory"
        } else {
            self.name.to_bytes()
        }
    }
}
