//! Where a directive stands, for its setter.

use crate::pool::c_str;
use apache_sys as sys;
use std::ffi::CStr;
use std::marker::PhantomData;

/// The place a directive stands at.
pub struct Command<'c> {
    raw: *mut sys::cmd_parms,
    owner: PhantomData<&'c ()>,
}

impl<'c> Command<'c> {
    /// # Safety
    /// `raw` must be what httpd passes to a directive's function, in a call that spans `'c`.
    pub(crate) unsafe fn from_raw(raw: *mut sys::cmd_parms) -> Self {
        Self {
            raw,
            owner: PhantomData,
        }
    }

    pub(crate) fn parms(&self) -> &'c sys::cmd_parms {
        // SAFETY: httpd's structure lives for the call of the setter, which `'c` spans.
        unsafe { &*self.raw }
    }

    /// The directive's name as the table has it.
    pub fn name(&self) -> &'c str {
        // SAFETY: the record of our own table.
        let record = unsafe { self.parms().cmd.as_ref() };
        // SAFETY: its name is a static C string.
        let name = record.and_then(|record| unsafe { c_str(record.name) });
        name.and_then(|name| name.to_str().ok()).unwrap_or_default()
    }

    /// Whether the directive stands in an `.htaccess` file.
    pub(crate) fn is_in_htaccess(&self) -> bool {
        let parms = self.parms();
        // Of a request's pool; while the configuration is read these are two (http_config.c).
        parms.pool == parms.temp_pool
    }

    /// Where the directive stands, in httpd's words: `line 5 of /etc/apache2/httpd.conf`.
    pub fn place(&self) -> String {
        // SAFETY: null or the directive that is being read.
        let Some(directive) = (unsafe { self.parms().directive.as_ref() }) else {
            return String::new();
        };
        // SAFETY: null or a string of the configuration.
        let file = unsafe { c_str(directive.filename) }.unwrap_or(c"");
        format!("line {} of {}", directive.line_num, file.to_string_lossy())
    }

    /// The literal directory of the nearest enclosing `<Directory>` section, without a
    /// trailing slash (the root itself is `/`), whatever conditions stand in between. `None` where
    /// the directive stands in a section whose name is no directory: a pattern, `<Location>`,
    /// `<Files>`.
    pub fn directory(&self) -> Option<&'c [u8]> {
        // SAFETY: the directive that is being read.
        let directive = unsafe { self.parms().directive.as_ref()? };
        // SAFETY: the section around it, or null at the top.
        let mut section = unsafe { directive.parent.as_ref() };
        // Conditions do not change the path: look through them.
        let section = loop {
            let node = section?;
            // SAFETY: nodes of the configuration tree have names.
            let name = unsafe { c_str(node.directive)? }
                .to_bytes()
                .to_ascii_lowercase();
            if name == b"<directory" {
                break node;
            }
            if !name.starts_with(b"<if") && !name.starts_with(b"<else") {
                return None;
            }
            // SAFETY: the parent of a node of the tree, or null at the top.
            section = unsafe { node.parent.as_ref() };
        };
        // SAFETY: a section's argument text.
        self.literal_directory(unsafe { c_str(section.args)? })
    }

    /// The directory that `argument`, the text of a `<Directory>`, names, as the core finds it
    /// (`dirsection` in core.c): what it keeps for a setter is lost within an `<If>`.
    fn literal_directory(&self, argument: &CStr) -> Option<&'c [u8]> {
        let pool = self.parms().pool;
        let text = argument.to_bytes();
        let text = text.strip_suffix(b">").unwrap_or(text);
        // SAFETY: the configuration pool is live; the bytes are readable.
        let text = unsafe { sys::apr_pstrmemdup(pool, text.as_ptr().cast(), text.len()) };
        let mut rest = text.cast_const();
        // SAFETY: a live pool and a C string, which is left as it is.
        let word = unsafe { sys::ap_getword_conf(pool, &mut rest) };
        // SAFETY: a string in that pool.
        let word = unsafe { c_str::<'c>(word) }?.to_bytes();
        if !word.starts_with(b"/") || word.iter().any(|b| b"*?[".contains(b)) {
            return None;
        }
        let mut path = std::ptr::null_mut();
        let (flags, word) = (sys::APR_FILEPATH_TRUENAME, word.as_ptr().cast());
        // SAFETY: the word is a C string in that pool; the result is put there, too.
        let status =
            unsafe { sys::apr_filepath_merge(&mut path, std::ptr::null(), word, flags, pool) };
        // SAFETY: null or a string in that pool.
        let path = unsafe { c_str::<'c>(path) }
            .filter(|_| status == 0)?
            .to_bytes();
        match path.strip_suffix(b"/") {
            Some(b"") | None => Some(path),
            Some(path) => Some(path),
        }
    }

    /// The name of the section the directive stands in, as httpd's core keeps it: the path of
    /// a directory or an `.htaccess` file with a slash at its end, a pattern, a URL path.
    /// `None` outside of sections.
    pub fn path(&self) -> Option<&'c CStr> {
        // SAFETY: null or a string of the configuration.
        unsafe { c_str(self.parms().path) }
    }

    /// `file` relative to ServerRoot, or `None` if it cannot be made absolute.
    pub fn server_root_relative(&self, file: &CStr) -> Option<&'c CStr> {
        // SAFETY: the configuration pool is live while directives are read.
        let path = unsafe { sys::ap_server_root_relative(self.parms().pool, file.as_ptr()) };
        // SAFETY: null or a string in that pool, which outlives the setter.
        unsafe { c_str(path) }
    }
}
