//! The module structure that httpd loads, and its configuration records.

use crate::directive::DirectiveTable;
use crate::guard::{belongs_to, guard, report};
use crate::hook::Hooks;
use crate::pool::Pool;
use apache_sys as sys;
use background::Point;
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
    /// Whether the record is as [`create`](Self::create) made it, so that laid over or under another
    /// one it changes nothing, and the other one can be taken as it is. Reference counts of
    /// values that all threads share are what a merge costs most.
    fn is_unset(&self) -> bool {
        false
    }
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
                merge_dir_config: Some(merge_directories::<D>),
                create_server_config: Some(create_server::<D>),
                merge_server_config: Some(merge_servers::<D>),
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

    /// The index httpd gave the module: the key of its log level. -1 of one that is not loaded.
    pub(crate) fn index(&self) -> c_int {
        // SAFETY: see `Sync`: not written once hooks run.
        unsafe { (*self.0.get()).module_index }
    }

    /// The record of this module in a configuration vector; none if there is none or if it is
    /// [broken](is_broken).
    ///
    /// # Safety
    /// `vector` must be a live configuration vector that outlives `'c`; `C` must be the type
    /// of record this module keeps in such vectors.
    pub(crate) unsafe fn record<'c, C: Config>(
        &self,
        vector: *const sys::ap_conf_vector_t,
    ) -> Option<&'c C> {
        // SAFETY: by the function's contract.
        unsafe { self.stored::<C>(vector) }?.as_ref()
    }

    /// Whether the record could not be made. httpd goes on with such a configuration, and must not
    /// answer by it.
    ///
    /// # Safety
    /// As for [`record`](Self::record).
    pub(crate) unsafe fn is_broken<C: Config>(&self, vector: *const sys::ap_conf_vector_t) -> bool {
        // SAFETY: by the function's contract.
        unsafe { self.stored::<C>(vector) }.is_some_and(Option::is_none)
    }

    /// # Safety
    /// As for [`record`](Self::record).
    unsafe fn stored<'c, C: Config>(
        &self,
        vector: *const sys::ap_conf_vector_t,
    ) -> Option<&'c Option<C>> {
        // SAFETY: by the function's contract.
        let record = unsafe { self.slot(vector) }?;
        // SAFETY: null, or a record that one of the functions below made.
        unsafe { record.cast::<Option<C>>().as_ref() }
    }

    /// What the vector holds for this module; nothing for one that httpd did not load, which has no
    /// place there.
    ///
    /// # Safety
    /// `vector` must be a live configuration vector.
    pub(crate) unsafe fn slot(&self, vector: *const sys::ap_conf_vector_t) -> Option<*mut c_void> {
        if self.index() < 0 {
            return None;
        }
        // SAFETY: by contract a live vector; the module is loaded.
        Some(unsafe { sys::ap_get_module_config(vector, self.as_ptr()) })
    }
}

unsafe extern "C" fn create_directory<D: Definition>(
    pool: *mut sys::apr_pool_t,
    _directory: *mut c_char,
) -> *mut c_void {
    // SAFETY: httpd passes the pool that owns the section's configuration.
    let pool = unsafe { Pool::from_raw(pool) };
    create::<D::Directory>(Point::CreateDirectory, pool)
}

unsafe extern "C" fn create_server<D: Definition>(
    pool: *mut sys::apr_pool_t,
    _server: *mut sys::server_rec,
) -> *mut c_void {
    // SAFETY: httpd passes the pool that owns the server's configuration.
    let pool = unsafe { Pool::from_raw(pool) };
    create::<D::Server>(Point::CreateServer, pool)
}

/// Makes a record; in its stead, after a panic, the mark of a broken one.
fn create<C: Config>(point: Point, pool: Pool<'_>) -> *mut c_void {
    let record = match guard(point, C::create) {
        Ok(record) => Some(record),
        Err(panic) => {
            report("while creating a configuration record", &panic);
            None
        }
    };
    std::ptr::from_mut(pool.own(record)).cast()
}

unsafe extern "C" fn merge_directories<D: Definition>(
    pool: *mut sys::apr_pool_t,
    base: *mut c_void,
    specific: *mut c_void,
) -> *mut c_void {
    // SAFETY: called by httpd, for directories.
    unsafe { merge::<D::Directory>(Point::MergeDirectory, pool, base, specific) }
}

unsafe extern "C" fn merge_servers<D: Definition>(
    pool: *mut sys::apr_pool_t,
    base: *mut c_void,
    specific: *mut c_void,
) -> *mut c_void {
    // SAFETY: called by httpd, for servers.
    unsafe { merge::<D::Server>(Point::MergeServer, pool, base, specific) }
}

/// The outcome of a merge.
enum Laid<C> {
    /// One of the two records.
    Same(*mut c_void),
    Merged(C),
}

/// Lays one record over another. What a broken one takes part in is broken.
///
/// # Safety
/// To be called by httpd only, with records of this type.
unsafe fn merge<C: Config>(
    point: Point,
    pool: *mut sys::apr_pool_t,
    base: *mut c_void,
    specific: *mut c_void,
) -> *mut c_void {
    // SAFETY: httpd passes records that `create` or this function made for this module.
    let outer = unsafe { base.cast::<Option<C>>().as_ref() };
    // SAFETY: as above.
    let inner = unsafe { specific.cast::<Option<C>>().as_ref() };
    let (outer, inner) = match (outer, inner) {
        (_, None) | (Some(None), _) => return base,
        (None, _) | (_, Some(None)) => return specific,
        (Some(Some(outer)), Some(Some(inner))) => (outer, inner),
    };
    // SAFETY: the pool of the request or of the configuration that asks for the merge.
    let pool = unsafe { Pool::from_raw(pool) };
    let laid = || match (outer.is_unset(), inner.is_unset()) {
        (true, _) => Laid::Same(specific),
        (_, true) => Laid::Same(base),
        _ => Laid::Merged(outer.merge(inner)),
    };
    let record = match guard(point, laid) {
        // Both records live as long as what asks for the merge, or longer.
        Ok(Laid::Same(record)) => return record,
        Ok(Laid::Merged(record)) => Some(record),
        Err(panic) => {
            report("while merging configuration records", &panic);
            None
        }
    };
    std::ptr::from_mut(pool.own(record)).cast()
}

unsafe extern "C" fn register<D: Definition>(pool: *mut sys::apr_pool_t) {
    belongs_to::<D>();
    // SAFETY: httpd passes the configuration pool.
    let pool = unsafe { Pool::from_raw(pool) };
    let hooks = Hooks::<D>::new(pool);
    if let Err(panic) = guard(Point::Register, || D::register(&hooks)) {
        report("while registering hooks", &panic);
        // A module of which some hooks are missing must not serve.
        hooks.refuse_to_start();
    }
    hooks.check_records();
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
