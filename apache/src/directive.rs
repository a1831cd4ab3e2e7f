//! Directives: one constant table per module, safe setters behind it.

use crate::command::Command;
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
    ///
    /// What changes the record of a server cannot be allowed in `.htaccess` files: they are read
    /// while requests are served, by several threads.
    ///
    /// ```no_run
    /// # use apache::{Args, Command, Context, Definition, Directive, SetResult, Setter};
    /// # use std::ffi::CStr;
    /// # struct Example;
    /// # impl Definition for Example {
    /// #     type Directory = ();
    /// #     type Server = ();
    /// #     fn module() -> &'static apache::Module<Self> { todo!() }
    /// #     fn register(_: &apache::Hooks<'_, Self>) {}
    /// # }
    /// # fn set(_: &mut (), _: &Command<'_>, _: &[&CStr]) -> SetResult { Ok(()) }
    /// const DIRECTIVE: Directive<Example> =
    ///     Directive::new(c"X", Context::SERVER, Args::One, Setter::Server(set), c"a value");
    /// # let _ = DIRECTIVE;
    /// ```
    ///
    /// ```compile_fail,E0080
    /// # use apache::{Args, Command, Context, Definition, Directive, SetResult, Setter};
    /// # use std::ffi::CStr;
    /// # struct Example;
    /// # impl Definition for Example {
    /// #     type Directory = ();
    /// #     type Server = ();
    /// #     fn module() -> &'static apache::Module<Self> { todo!() }
    /// #     fn register(_: &apache::Hooks<'_, Self>) {}
    /// # }
    /// # fn set(_: &mut (), _: &Command<'_>, _: &[&CStr]) -> SetResult { Ok(()) }
    /// const DIRECTIVE: Directive<Example> =
    ///     Directive::new(c"X", Context::OPTIONS, Args::One, Setter::Server(set), c"a value");
    /// # let _ = DIRECTIVE;
    /// ```
    pub const fn new(
        name: &'static CStr,
        context: Context,
        args: Args,
        setter: Setter<D>,
        help: &'static CStr,
    ) -> Self {
        let for_servers = match setter {
            Setter::Server(_) | Setter::ServerFlag(_) | Setter::NotedFlag(_) => true,
            Setter::Directory(_) | Setter::DirectoryFlag(_) | Setter::Ignore => false,
        };
        assert!(
            !for_servers || context.0 & sys::OR_ALL == 0,
            "a server's record must not be changed by .htaccess files"
        );
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
    // SAFETY: httpd's structure lives for the call of the setter.
    let command = unsafe { Command::from_raw(parms) };
    // SAFETY: `info` is the table's cmd_data: the Directive that `record` stored.
    let directive = unsafe { &*command.parms().info.cast::<Directive<D>>() };
    // An optional argument that is absent is a null pointer.
    // SAFETY: arguments are C strings in the configuration's pool.
    let args: Vec<&CStr> = args
        .iter()
        .filter_map(|&arg| unsafe { c_str(arg) })
        .collect();
    let result = crate::guard::guard(background::Point::Setter, || match directive.setter {
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
            let record = unsafe { server_record::<D>(&command) };
            record?.map_or(Ok(()), |record| set(record, &command, &args))
        }
        Setter::ServerFlag(set) => {
            // SAFETY: as above.
            let record = unsafe { server_record::<D>(&command) };
            record?.map_or(Ok(()), |record| set(record, &command, on))
        }
        Setter::NotedFlag(set) => {
            // SAFETY: as above, two records of different types.
            let place = unsafe { directory_record::<D>(directory) }?;
            // SAFETY: as above.
            let server = unsafe { server_record::<D>(&command) }?;
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

/// The record of the server that the configuration is being read for. Not for an `.htaccess` file:
/// those are read while requests are served, several at a time.
///
/// # Safety
/// As for [`run`].
unsafe fn server_record<'c, D: Definition>(
    command: &Command<'c>,
) -> Result<Option<&'c mut D::Server>, String> {
    if command.is_in_htaccess() {
        let name = command.name();
        return Err(format!("{name}: cannot stand in an .htaccess file"));
    }
    // SAFETY: the server that the directive is for.
    let vector = unsafe { (*command.parms().server).module_config };
    // SAFETY: the vector of that server.
    let record = unsafe { D::module().slot(vector) }.unwrap_or(std::ptr::null_mut());
    // SAFETY: null, or this module's record, changed in one thread while configuration is read.
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
