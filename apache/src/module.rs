//! The module structure that httpd loads, and its configuration records.

use crate::directive::DirectiveTable;
use crate::hook::Hooks;
use crate::log::{Level, log_line};
use crate::pool::Pool;
use apache_sys as sys;
use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;

/// A configuration record: one per server, one per directory section.
pub trait Config: Send + Sync + Sized + 'static {
    /// The record before any directive.
    fn create() -> Self;
    /// `specific` (inner section, virtual host) laid over `self` (outer section, main server).
    /// Directory records are merged for every request: keep it to a few copies.
    fn merge(&self, specific: &Self) -> Self;
}

/// A module that keeps nothing per directory or per server.
impl Config for () {
    fn create() -> Self {}
    fn merge(&self, _specific: &Self) -> Self {}
}

/// What a module is made of.
pub trait Definition: Sized + 'static {
    /// Record of a directory section.
    type Directory: Config;
    /// Record of a server.
    type Server: Config;
    /// The exported static.
    fn module() -> &'static Module<Self>;
    /// Registers the hooks.
    fn register(hooks: &Hooks<'_, Self>);
}

/// The structure behind the exported symbol. httpd writes to it while loading, hence the cell.
#[repr(transparent)]
pub struct Module<D: Definition>(UnsafeCell<sys::module>, PhantomData<D>);

// SAFETY: httpd writes its fields only while it loads modules, in one thread, before any hook
// of the module runs; afterwards the structure is only read.
unsafe impl<D: Definition> Sync for Module<D> {}

impl<D: Definition> Module<D> {
    /// `name` is what `<IfModule>` compares: the source file's name, ending in `.c`.
    pub const fn new<const N: usize>(
        name: &'static CStr,
        directives: &'static DirectiveTable<D, N>,
    ) -> Self {
        Self(
            UnsafeCell::new(sys::module {
                version: sys::macros::VERSION,
                minor_version: sys::macros::MINOR_VERSION,
                module_index: -1,
                name: name.as_ptr(),
                dynamic_load_handle: std::ptr::null_mut(),
                next: std::ptr::null_mut(),
                magic: sys::macros::MAGIC,
                rewrite_args: None,
                create_dir_config: Some(create_directory::<D>),
                merge_dir_config: Some(merge::<D, D::Directory>),
                create_server_config: Some(create_server::<D>),
                merge_server_config: Some(merge::<D, D::Server>),
                cmds: directives.as_ptr(),
                register_hooks: Some(register::<D>),
                flags: 0,
            }),
            PhantomData,
        )
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::module {
        self.0.get()
    }

    /// The index httpd gave the module: the key of its log level.
    pub(crate) fn index(&self) -> c_int {
        // SAFETY: see `Sync`: not written once hooks run.
        unsafe { (*self.0.get()).module_index }
    }

    /// The record of this module in a configuration vector.
    ///
    /// # Safety
    /// `vector` must be a live configuration vector that outlives `'c`; `C` must be the type
    /// of record this module keeps in such vectors.
    pub(crate) unsafe fn record<'c, C: Config>(
        &self,
        vector: *const sys::ap_conf_vector_t,
    ) -> Option<&'c C> {
        // SAFETY: by contract a live vector; the module is registered.
        let record = unsafe { sys::ap_get_module_config(vector, self.as_ptr()) };
        // SAFETY: null, or a record that one of the functions below made.
        unsafe { record.cast::<C>().as_ref() }
    }
}

unsafe extern "C" fn create_directory<D: Definition>(
    pool: *mut sys::apr_pool_t,
    _directory: *mut c_char,
) -> *mut c_void {
    // SAFETY: httpd passes the pool that owns the section's configuration.
    let pool = unsafe { Pool::from_raw(pool) };
    create::<D, D::Directory>(pool)
}

unsafe extern "C" fn create_server<D: Definition>(
    pool: *mut sys::apr_pool_t,
    _server: *mut sys::server_rec,
) -> *mut c_void {
    // SAFETY: httpd passes the pool that owns the server's configuration.
    let pool = unsafe { Pool::from_raw(pool) };
    create::<D, D::Server>(pool)
}

fn create<D: Definition, C: Config>(pool: Pool<'_>) -> *mut c_void {
    match crate::guard::guard(|| std::ptr::from_mut(pool.own(C::create())).cast()) {
        Ok(record) => record,
        Err(panic) => {
            report::<D>("creating a configuration record", &panic);
            std::ptr::null_mut()
        }
    }
}

unsafe extern "C" fn merge<D: Definition, C: Config>(
    pool: *mut sys::apr_pool_t,
    base: *mut c_void,
    specific: *mut c_void,
) -> *mut c_void {
    // SAFETY: httpd passes records that `create` or this function made for this module.
    let outer = unsafe { base.cast::<C>().as_ref() };
    // SAFETY: as above.
    let inner = unsafe { specific.cast::<C>().as_ref() };
    let (Some(outer), Some(inner)) = (outer, inner) else {
        return if specific.is_null() { base } else { specific };
    };
    // SAFETY: the pool of the request or of the configuration that asks for the merge.
    let pool = unsafe { Pool::from_raw(pool) };
    match crate::guard::guard(|| std::ptr::from_mut(pool.own(outer.merge(inner))).cast()) {
        Ok(record) => record,
        Err(panic) => {
            report::<D>("merging configuration records", &panic);
            specific
        }
    }
}

unsafe extern "C" fn register<D: Definition>(pool: *mut sys::apr_pool_t) {
    // SAFETY: httpd passes the configuration pool.
    let pool = unsafe { Pool::from_raw(pool) };
    if let Err(panic) = crate::guard::guard(|| D::register(&Hooks::new(pool))) {
        report::<D>("registering hooks", &panic);
    }
}

fn report<D: Definition>(doing: &str, panic: &str) {
    let text = format!("{}: panic while {doing}: {panic}", D::module().name());
    log_line(std::ptr::null(), D::module().index(), Level::Critical, text);
}

impl<D: Definition> Module<D> {
    /// The module's name without `.c`, for log lines.
    pub fn name(&self) -> &'static str {
        // SAFETY: set by `new`, never written again.
        let name = unsafe { (*self.0.get()).name };
        // SAFETY: a static C string.
        let name = unsafe { CStr::from_ptr(name) };
        name.to_str()
            .map_or("module", |name| name.trim_end_matches(".c"))
    }
}
