//! Questions one module asks another, without needing it (APR's optional functions).

use crate::guard::guard;
use crate::hook::Hooks;
use crate::log::{Level, log_request};
use crate::module::Definition;
use crate::pool::c_str;
use crate::request::Request;
use apache_sys as sys;
use background::Point;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::marker::PhantomData;

/// The name that [`Open`] is registered under. Its number changes with the layout of [`Answerer`]
/// or with any of the functions: modules of two builds then do not find each other.
const NAME: &CStr = c"mirrorbrain_lists_1";

/// Fills an [`Answerer`] of `size` bytes for the directory that `listing` is a request for. 0 means
/// that no file has a list, and nothing is filled.
type Open = unsafe extern "C" fn(
    listing: *mut sys::request_rec,
    size: usize,
    answerer: *mut Answerer,
) -> c_int;

/// Both modules' view of an answer in the making.
#[repr(C)]
#[derive(Clone, Copy)]
struct Answerer {
    /// What only the answering module knows the type of.
    state: *mut c_void,
    /// Not 0 if the content types of files count.
    needs_types: c_int,
    /// Whether the file `name` of the directory has a list. `content_type` may be null.
    answer: unsafe extern "C" fn(
        state: *mut c_void,
        name: *const c_char,
        is_link: c_int,
        content_type: *const c_char,
    ) -> c_int,
    /// Frees `state`.
    end: unsafe extern "C" fn(state: *mut c_void),
}

/// A file that a directory listing shows: regular, or a symbolic link to such a file.
#[derive(Clone, Copy, Debug)]
pub struct ListedFile<'a> {
    /// Its name in the directory.
    pub name: &'a CStr,
    /// Whether it is a symbolic link.
    pub is_link: bool,
    /// Its MIME type, where that [is needed](MirrorLists::needs_types).
    pub content_type: Option<&'a CStr>,
}

/// Tells which files of one directory have mirror lists: whether mod_mirrorbrain would answer a
/// request for one. Offered by mod_mirrorbrain, asked by mod_autoindex_mb.
pub trait MirrorLists<'r>: Sized + 'r {
    /// For the directory that `listing` is a request for. `None` if no file has a list.
    fn open(listing: Request<'r>) -> Option<Self>;

    /// Whether the answer depends on the content type of a file.
    fn needs_types(&self) -> bool;

    /// The answer for one file.
    fn has_list(&mut self, file: ListedFile<'_>) -> bool;
}

/// Names an answer for all lifetimes of requests.
pub trait MirrorListsFamily {
    /// The answer for a request.
    type Lists<'r>: MirrorLists<'r>;
}

/// What the asker holds for the answering module.
struct State<'r, L> {
    listing: Request<'r>,
    lists: L,
}

fn log_panic<D: Definition>(listing: Request<'_>, panic: &str) {
    let text = format!("{}: panic in an answer: {panic}", D::module().name());
    log_request(listing, D::module().index(), Level::Critical, text);
}

unsafe extern "C" fn open<D: Definition, F: MirrorListsFamily>(
    listing: *mut sys::request_rec,
    size: usize,
    answerer: *mut Answerer,
) -> c_int {
    if size != size_of::<Answerer>() {
        return 0;
    }
    // SAFETY: the caller passes a live request, which outlives the answerer.
    let listing = unsafe { Request::from_raw(listing) };
    let opened = guard(Point::Answers, || {
        let lists = F::Lists::open(listing)?;
        let needs_types = c_int::from(lists.needs_types());
        Some((lists, needs_types))
    });
    let (lists, needs_types) = match opened {
        Ok(Some(opened)) => opened,
        Ok(None) => return 0,
        Err(panic) => {
            log_panic::<D>(listing, &panic);
            return 0;
        }
    };
    let filled = Answerer {
        state: Box::into_raw(Box::new(State { listing, lists })).cast(),
        needs_types,
        answer: answer::<D, F>,
        end: end::<D, F>,
    };
    // SAFETY: the caller passes room for a structure of this size.
    unsafe { answerer.write(filled) };
    1
}

unsafe extern "C" fn answer<D: Definition, F: MirrorListsFamily>(
    state: *mut c_void,
    name: *const c_char,
    is_link: c_int,
    content_type: *const c_char,
) -> c_int {
    // SAFETY: what `open` of the same types made; the caller has not ended it, and asks one thing
    // at a time.
    let state = unsafe { &mut *state.cast::<State<'_, F::Lists<'_>>>() };
    // SAFETY: the caller passes a C string that lives for the call.
    let name = unsafe { CStr::from_ptr(name) };
    // SAFETY: the same, or null.
    let content_type = unsafe { c_str(content_type) };
    let file = ListedFile {
        name,
        is_link: is_link != 0,
        content_type,
    };
    guard(Point::Answer, || state.lists.has_list(file)).map_or_else(
        |panic| {
            log_panic::<D>(state.listing, &panic);
            0
        },
        c_int::from,
    )
}

unsafe extern "C" fn end<D: Definition, F: MirrorListsFamily>(state: *mut c_void) {
    // SAFETY: what `open` of the same types made; the caller ends it once, while the request
    // lives.
    let state = unsafe { Box::from_raw(state.cast::<State<'_, F::Lists<'_>>>()) };
    let listing = state.listing;
    if let Err(panic) = guard(Point::AnswersEnd, || drop(state)) {
        log_panic::<D>(listing, &panic);
    }
}

impl<D: Definition> Hooks<'_, D> {
    /// Offers `F`'s answers to the other modules.
    pub fn mirror_lists<F: MirrorListsFamily>(&self) {
        let function: Open = open::<D, F>;
        // SAFETY: both are C function pointers; the asker knows the real type by the name.
        let function = unsafe { std::mem::transmute::<Open, unsafe extern "C" fn()>(function) };
        // SAFETY: while hooks are registered; the name is static.
        unsafe { sys::apr_dynamic_fn_register(NAME.as_ptr(), Some(function)) };
    }
}

/// mod_mirrorbrain's answers for the files of one directory.
pub struct MirrorListAsker<'r> {
    answerer: Answerer,
    request: PhantomData<Request<'r>>,
}

impl<'r> MirrorListAsker<'r> {
    /// Asks about the directory that `listing` is a request for. `None` if no file has a list, or
    /// no loaded module answers.
    pub fn new(listing: Request<'r>) -> Option<Self> {
        // SAFETY: looks a name up; null is None.
        let function = unsafe { sys::apr_dynamic_fn_retrieve(NAME.as_ptr()) }?;
        // SAFETY: what is registered under this name has this type.
        let open = unsafe { std::mem::transmute::<unsafe extern "C" fn(), Open>(function) };
        let mut answerer = std::mem::MaybeUninit::<Answerer>::uninit();
        let size = size_of::<Answerer>();
        // SAFETY: a live request and room for the structure; the module that registered the
        // function stays loaded while requests are served.
        let filled = unsafe { open(listing.as_ptr(), size, answerer.as_mut_ptr()) };
        (filled != 0).then(|| Self {
            // SAFETY: filled, by the function's contract.
            answerer: unsafe { answerer.assume_init() },
            request: PhantomData,
        })
    }

    /// Whether the answer depends on the content type of a file.
    pub fn needs_types(&self) -> bool {
        self.answerer.needs_types != 0
    }

    /// Whether `file` has a mirror list.
    pub fn has_list(&mut self, file: ListedFile<'_>) -> bool {
        let content_type = file.content_type.map_or(std::ptr::null(), CStr::as_ptr);
        let is_link = c_int::from(file.is_link);
        let Answerer { state, answer, .. } = self.answerer;
        // SAFETY: the module's own state, not ended yet, and C strings.
        unsafe { answer(state, file.name.as_ptr(), is_link, content_type) != 0 }
    }
}

impl Drop for MirrorListAsker<'_> {
    fn drop(&mut self) {
        // SAFETY: the module's own state, ended once; the request lives for `'r`.
        unsafe { (self.answerer.end)(self.answerer.state) };
    }
}
