//! Directives: one constant table per module, safe setters behind it.

use crate::module::Definition;
use crate::pool::c_str;
use apache_sys as sys;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;

/// What a setter answers: nothing, or one sentence that stops the start. httpd puts the file,
/// the line and (for wrong argument counts) the directive in front.
pub type SetResult = Result<(), String>;

/// Where a directive is allowed (httpd's `req_override`).
#[derive(Clone, Copy)]
pub struct Context(c_int);

impl Context {
    /// Server and virtual host, outside of sections.
    pub const SERVER: Self = Self(sys::RSRC_CONF);
    /// Inside `<Directory>`, `<Location>`, `<Files>`; not in `.htaccess`.
    pub const DIRECTORY: Self = Self(sys::ACCESS_CONF);
    /// Everywhere but in `.htaccess`.
    pub const CONFIGURATION: Self = Self(sys::RSRC_CONF | sys::ACCESS_CONF);
    /// Everywhere; in `.htaccess` with `AllowOverride Options`.
    pub const OPTIONS: Self = Self(sys::OR_OPTIONS);
    /// Everywhere; in `.htaccess` with `AllowOverride Indexes`.
    pub const INDEXES: Self = Self(sys::OR_INDEXES);
    /// Everywhere, with any `AllowOverride`.
    pub const ALL: Self = Self(sys::OR_ALL);
}

/// How httpd splits and counts the arguments.
#[derive(Clone, Copy)]
pub enum Args {
    /// No argument.
    None,
    /// `On` or `Off`; use a flag setter.
    Flag,
    /// Exactly one.
    One,
    /// Exactly two.
    Two,
    /// One or two.
    OneOrTwo,
    /// Exactly three.
    Three,
    /// One or more; the setter is called for each.
    Iterate,
    /// Two or more; the setter is called with the first and each further one.
    Iterate2,
    /// Any number; the setter gets all.
    All,
    /// The rest of the line, unsplit, as one argument.
    Raw,
}

/// The safe function behind a directive, by the record it changes.
pub enum Setter<D: Definition> {
    /// Changes the directory record.
    Directory(fn(&mut D::Directory, &Command<'_>, &[&CStr]) -> SetResult),
    /// Changes the server record.
    Server(fn(&mut D::Server, &Command<'_>, &[&CStr]) -> SetResult),
    /// Changes the directory record; `On` is true.
    DirectoryFlag(fn(&mut D::Directory, &Command<'_>, bool) -> SetResult),
    /// Changes the server record; `On` is true.
    ServerFlag(fn(&mut D::Server, &Command<'_>, bool) -> SetResult),
    /// Changes the directory record and leaves a note in the server record, for what a server
    /// must prepare if any of its directories asks for it; `On` is true.
    NotedFlag(fn(&mut D::Directory, &mut D::Server, &Command<'_>, bool) -> SetResult),
    /// A neighbour's directive that has no meaning for this module.
    Ignore,
}

impl<D: Definition> Clone for Setter<D> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<D: Definition> Copy for Setter<D> {}

/// One line of a module's directive table.
pub struct Directive<D: Definition> {
    name: &'static CStr,
    context: Context,
    args: Args,
    setter: Setter<D>,
    help: &'static CStr,
}

impl<D: Definition> Directive<D> {
    /// `help` follows httpd's own words when the number of arguments is wrong.
    pub const fn new(
        name: &'static CStr,
        context: Context,
        args: Args,
        setter: Setter<D>,
        help: &'static CStr,
    ) -> Self {
        Self {
            name,
            context,
            args,
            setter,
            help,
        }
    }
}

/// The table in the form httpd reads, ended by an empty record.
pub struct DirectiveTable<D: Definition, const N: usize> {
    records: [sys::command_rec; N],
    definition: PhantomData<fn() -> D>,
}

// SAFETY: a constant; its pointers lead to other constants.
unsafe impl<D: Definition, const N: usize> Sync for DirectiveTable<D, N> {}

impl<D: Definition, const N: usize> DirectiveTable<D, N> {
    /// `N` is one more than the number of directives.
    pub const fn new(directives: &'static [Directive<D>]) -> Self {
        Self::joined(&[directives])
    }

    /// A table of several parts, for directives that modules share; `N` is one more than the
    /// number of directives in all of them.
    pub const fn joined(parts: &[&'static [Directive<D>]]) -> Self {
        let mut records = [END; N];
        let (mut part, mut filled) = (0, 0);
        while part < parts.len() {
            let mut i = 0;
            while i < parts[part].len() {
                records[filled] = record(&parts[part][i]);
                filled += 1;
                i += 1;
            }
            part += 1;
        }
        assert!(
            filled + 1 == N,
            "N must be the number of directives plus one"
        );
        Self {
            records,
            definition: PhantomData,
        }
    }

    pub(crate) const fn as_ptr(&'static self) -> *const sys::command_rec {
        self.records.as_ptr()
    }
}

const END: sys::command_rec = sys::command_rec {
    name: std::ptr::null(),
    func: sys::cmd_func { no_args: None },
    cmd_data: std::ptr::null_mut(),
    req_override: 0,
    args_how: sys::cmd_how_RAW_ARGS,
    errmsg: std::ptr::null(),
};

const fn record<D: Definition>(directive: &'static Directive<D>) -> sys::command_rec {
    let (how, func) = match directive.args {
        Args::None => (
            sys::cmd_how_NO_ARGS,
            sys::cmd_func {
                no_args: Some(no_args::<D>),
            },
        ),
        Args::Flag => (
            sys::cmd_how_FLAG,
            sys::cmd_func {
                flag: Some(flag::<D>),
            },
        ),
        Args::One => (
            sys::cmd_how_TAKE1,
            sys::cmd_func {
                take1: Some(take1::<D>),
            },
        ),
        Args::Iterate => (
            sys::cmd_how_ITERATE,
            sys::cmd_func {
                take1: Some(take1::<D>),
            },
        ),
        Args::Two => (
            sys::cmd_how_TAKE2,
            sys::cmd_func {
                take2: Some(take2::<D>),
            },
        ),
        Args::OneOrTwo => (
            sys::cmd_how_TAKE12,
            sys::cmd_func {
                take2: Some(take2::<D>),
            },
        ),
        Args::Iterate2 => (
            sys::cmd_how_ITERATE2,
            sys::cmd_func {
                take2: Some(take2::<D>),
            },
        ),
        Args::Three => (
            sys::cmd_how_TAKE3,
            sys::cmd_func {
                take3: Some(take3::<D>),
            },
        ),
        Args::All => (
            sys::cmd_how_TAKE_ARGV,
            sys::cmd_func {
                take_argv: Some(take_argv::<D>),
            },
        ),
        Args::Raw => (
            sys::cmd_how_RAW_ARGS,
            sys::cmd_func {
                raw_args: Some(take1::<D>),
            },
        ),
    };
    sys::command_rec {
        name: directive.name.as_ptr(),
        func,
        cmd_data: std::ptr::from_ref(directive).cast_mut().cast(),
        req_override: directive.context.0,
        args_how: how,
        errmsg: directive.help.as_ptr(),
    }
}

/// The place a directive stands at.
pub struct Command<'c> {
    raw: *mut sys::cmd_parms,
    owner: std::marker::PhantomData<&'c ()>,
}

impl<'c> Command<'c> {
    fn parms(&self) -> &'c sys::cmd_parms {
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

    /// The literal directory of the nearest enclosing `<Directory>` section, without a
    /// trailing slash (the root itself is `/`). `None` where the directive stands in a section
    /// whose name is no directory: a pattern, `<Location>`, `<Files>`.
    pub fn directory(&self) -> Option<&'c [u8]> {
        let parms = self.parms();
        // SAFETY: the directive that is being read.
        let directive = unsafe { parms.directive.as_ref()? };
        // SAFETY: the section around it, or null at the top.
        let mut section = unsafe { directive.parent.as_ref() };
        // Conditions do not change the path: look through them.
        while let Some(node) = section {
            // SAFETY: nodes of the configuration tree have names.
            let name = unsafe { c_str(node.directive)? }.to_bytes();
            if name.eq_ignore_ascii_case(b"<Directory") {
                break;
            }
            if !name.to_ascii_lowercase().starts_with(b"<if") {
                return None;
            }
            // SAFETY: the parent of a node of the tree, or null at the top.
            section = unsafe { node.parent.as_ref() };
        }
        // SAFETY: a section's argument text.
        let argument = unsafe { c_str(section?.args)? }.to_bytes();
        let first = argument
            .iter()
            .find(|b| !b.is_ascii_whitespace() && **b != b'"');
        if first == Some(&b'~') {
            return None;
        }
        // SAFETY: the section's path, normalised by httpd's core.
        let path = unsafe { c_str(parms.path)? }.to_bytes();
        if !path.starts_with(b"/") || path.iter().any(|b| b"*?[".contains(b)) {
            return None;
        }
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

/// Runs the setter of `parms.info` on the right record, guarded.
///
/// # Safety
/// To be called by httpd only, with the structures it passes to a directive's function.
unsafe fn run<D: Definition>(
    parms: *mut sys::cmd_parms,
    directory: *mut c_void,
    args: &[*const c_char],
    on: bool,
) -> *const c_char {
    let command = Command {
        raw: parms,
        owner: PhantomData,
    };
    // SAFETY: `info` is the table's cmd_data: the Directive that `record` stored.
    let directive = unsafe { &*command.parms().info.cast::<Directive<D>>() };
    // An optional argument that is absent is a null pointer.
    // SAFETY: arguments are C strings in the configuration's pool.
    let args: Vec<&CStr> = args
        .iter()
        .filter_map(|&arg| unsafe { c_str(arg) })
        .collect();
    let result = crate::guard::guard(panics::Point::Setter, || match directive.setter {
        Setter::Ignore => Ok(()),
        Setter::Directory(set) => {
            // SAFETY: httpd passes this module's directory record, and reads configuration
            // in one thread.
            let record = unsafe { directory_record::<D>(directory) };
            record?.map_or(Ok(()), |record| set(record, &command, &args))
        }
        Setter::DirectoryFlag(set) => {
            // SAFETY: as above.
            let record = unsafe { directory_record::<D>(directory) };
            record?.map_or(Ok(()), |record| set(record, &command, on))
        }
        Setter::Server(set) => {
            // SAFETY: as above, for the record of the server being read.
            let record = unsafe { server_record::<D>(parms) };
            record?.map_or(Ok(()), |record| set(record, &command, &args))
        }
        Setter::ServerFlag(set) => {
            // SAFETY: as above.
            let record = unsafe { server_record::<D>(parms) };
            record?.map_or(Ok(()), |record| set(record, &command, on))
        }
        Setter::NotedFlag(set) => {
            // SAFETY: as above, two records of different types.
            let place = unsafe { directory_record::<D>(directory) }?;
            // SAFETY: as above.
            let server = unsafe { server_record::<D>(parms) }?;
            let both = place.zip(server);
            both.map_or(Ok(()), |(place, server)| set(place, server, &command, on))
        }
    });
    let message = match result {
        Ok(Ok(())) => return std::ptr::null(),
        Ok(Err(message)) => message,
        Err(panic) => format!(
            "{}: panic in the directive's setter: {panic}",
            command.name()
        ),
    };
    // SAFETY: the pool that httpd reads the answer from.
    unsafe { sys::apr_pstrmemdup(command.parms().pool, message.as_ptr().cast(), message.len()) }
}

/// # Safety
/// As for [`run`].
unsafe fn server_record<'c, D: Definition>(
    parms: *mut sys::cmd_parms,
) -> Result<Option<&'c mut D::Server>, String> {
    // SAFETY: by contract live structures of httpd.
    let server = unsafe { (*parms).server };
    // SAFETY: as above.
    let vector = unsafe { (*server).module_config };
    // SAFETY: the vector of that server; the module is registered.
    let record = unsafe { sys::ap_get_module_config(vector, D::module().as_ptr()) };
    // SAFETY: this module's record, changed in one thread while configuration is read.
    present(unsafe { record.cast::<Option<D::Server>>().as_mut() })
}

/// # Safety
/// As for [`run`].
unsafe fn directory_record<'c, D: Definition>(
    record: *mut c_void,
) -> Result<Option<&'c mut D::Directory>, String> {
    // SAFETY: null, or this module's record, changed in one thread while configuration is read.
    present(unsafe { record.cast::<Option<D::Directory>>().as_mut() })
}

/// A directive must not be lost because the record that it changes could not be made.
fn present<C>(record: Option<&mut Option<C>>) -> Result<Option<&mut C>, String> {
    match record {
        Some(None) => Err("there is no configuration record to change".to_owned()),
        Some(Some(record)) => Ok(Some(record)),
        None => Ok(None),
    }
}

unsafe extern "C" fn no_args<D: Definition>(
    parms: *mut sys::cmd_parms,
    directory: *mut c_void,
) -> *const c_char {
    // SAFETY: called by httpd.
    unsafe { run::<D>(parms, directory, &[], false) }
}

unsafe extern "C" fn flag<D: Definition>(
    parms: *mut sys::cmd_parms,
    directory: *mut c_void,
    on: c_int,
) -> *const c_char {
    // SAFETY: called by httpd.
    unsafe { run::<D>(parms, directory, &[], on != 0) }
}

unsafe extern "C" fn take1<D: Definition>(
    parms: *mut sys::cmd_parms,
    directory: *mut c_void,
    one: *const c_char,
) -> *const c_char {
    // SAFETY: called by httpd.
    unsafe { run::<D>(parms, directory, &[one], false) }
}

unsafe extern "C" fn take2<D: Definition>(
    parms: *mut sys::cmd_parms,
    directory: *mut c_void,
    one: *const c_char,
    two: *const c_char,
) -> *const c_char {
    // SAFETY: called by httpd.
    unsafe { run::<D>(parms, directory, &[one, two], false) }
}

unsafe extern "C" fn take3<D: Definition>(
    parms: *mut sys::cmd_parms,
    directory: *mut c_void,
    one: *const c_char,
    two: *const c_char,
    three: *const c_char,
) -> *const c_char {
    // SAFETY: called by httpd.
    unsafe { run::<D>(parms, directory, &[one, two, three], false) }
}

unsafe extern "C" fn take_argv<D: Definition>(
    parms: *mut sys::cmd_parms,
    directory: *mut c_void,
    count: c_int,
    arguments: *const *mut c_char,
) -> *const c_char {
    let count = usize::try_from(count).unwrap_or(0);
    let args: &[*const c_char] = if arguments.is_null() {
        &[]
    } else {
        // SAFETY: httpd passes `count` pointers.
        unsafe { std::slice::from_raw_parts(arguments.cast(), count) }
    };
    // SAFETY: called by httpd.
    unsafe { run::<D>(parms, directory, args, false) }
}
