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

/// What a module's answers are offered under. The type of what is registered depends on how the name
/// begins: all that begin so are of this file.
#[derive(Clone, Copy, Debug)]
pub struct Topic(&'static CStr);

impl Topic {
    /// How names begin. The number changes with the layout of [`Answerer`] or with any of the functions:
    /// modules of two builds then do not find each other.
    const START: &'static [u8] = b"mirrorbrain_answers_1_";

    /// A topic by its name.
    ///
    /// # Panics
    /// When it is compiled, unless the name begins with `mirrorbrain_answers_1_`.
    pub const fn new(name: &'static CStr) -> Self {
        let (bytes, mut at) = (name.to_bytes(), 0);
        while at < Self::START.len() {
            assert!(
                bytes.len() > at && bytes[at] == Self::START[at],
                "not a name of ours"
            );
            at += 1;
        }
        Self(name)
    }
}

/// Fills an [`Answerer`] of `size` bytes for questions about `request`. 0 means that there is nothing to
/// ask, and nothing is filled.
type Open = unsafe extern "C" fn(
    request: *mut sys::request_rec,
    size: usize,
    answerer: *mut Answerer,
) -> c_int;

/// Both modules' view of an answer in the making.
#[repr(C)]
#[derive(Clone, Copy)]
struct Answerer {
    /// What only the answering module knows the type of.
    state: *mut c_void,
    /// What holds for all answers.
    traits: u32,
    /// The answer to a question: texts that may be null, and flags.
    answer: unsafe extern "C" fn(
        state: *mut c_void,
        texts: *const [*const c_char; 2],
        flags: u32,
    ) -> u32,
    /// Frees `state`.
    end: unsafe extern "C" fn(state: *mut c_void),
}

/// A question, in the terms that its topic gives them.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What it is about.
    pub texts: [Option<&'a CStr>; 2],
    /// What else there is to say.
    pub flags: u32,
}

/// A module's answers to questions about one request.
pub trait Answers<'r>: Sized + 'r {
    /// For a request. `None` if there is nothing to ask.
    fn open(request: Request<'r>) -> Option<Self>;

    /// What holds for all answers; asked once.
    fn traits(&self) -> u32;

    /// The answer to one question; 0 also stands for none.
    fn answer(&mut self, question: Question<'_>) -> u32;
}

/// Names the answers to a topic for all lifetimes of requests.
pub trait AnswersFamily {
    /// What they are offered under.
    const TOPIC: Topic;

    /// The answers for a request.
    type Answers<'r>: Answers<'r>;
}

/// What the asker holds for the answering module.
struct State<'r, A> {
    request: Request<'r>,
    answers: A,
}

fn log_panic<D: Definition>(request: Request<'_>, panic: &str) {
    let text = format!("{}: panic in an answer: {panic}", D::module().name());
    log_request(request, D::module().index(), Level::Critical, text);
}

unsafe extern "C" fn open<D: Definition, F: AnswersFamily>(
    request: *mut sys::request_rec,
    size: usize,
    answerer: *mut Answerer,
) -> c_int {
    if size != size_of::<Answerer>() {
        return 0;
    }
    // SAFETY: the caller passes a live request, which outlives the answerer.
    let request = unsafe { Request::from_raw(request) };
    let opened = guard(Point::Answers, || {
        let answers = F::Answers::open(request)?;
        let traits = answers.traits();
        Some((answers, traits))
    });
    let (answers, traits) = match opened {
        Ok(Some(opened)) => opened,
        Ok(None) => return 0,
        Err(panic) => {
            log_panic::<D>(request, &panic);
            return 0;
        }
    };
    let filled = Answerer {
        state: Box::into_raw(Box::new(State { request, answers })).cast(),
        traits,
        answer: answer::<D, F>,
        end: end::<D, F>,
    };
    // SAFETY: the caller passes room for a structure of this size.
    unsafe { answerer.write(filled) };
    1
}

unsafe extern "C" fn answer<D: Definition, F: AnswersFamily>(
    state: *mut c_void,
    texts: *const [*const c_char; 2],
    flags: u32,
) -> u32 {
    // SAFETY: what `open` of the same types made; the caller has not ended it, and asks one thing
    // at a time.
    let state = unsafe { &mut *state.cast::<State<'_, F::Answers<'_>>>() };
    // SAFETY: the caller passes two pointers.
    let [first, second] = unsafe { *texts };
    // SAFETY: a C string that lives for the call, or null.
    let first = unsafe { c_str(first) };
    // SAFETY: the same.
    let second = unsafe { c_str(second) };
    let question = Question {
        texts: [first, second],
        flags,
    };
    guard(Point::Answer, || state.answers.answer(question)).unwrap_or_else(|panic| {
        log_panic::<D>(state.request, &panic);
        0
    })
}

unsafe extern "C" fn end<D: Definition, F: AnswersFamily>(state: *mut c_void) {
    // SAFETY: what `open` of the same types made; the caller ends it once, while the request
    // lives.
    let state = unsafe { Box::from_raw(state.cast::<State<'_, F::Answers<'_>>>()) };
    let request = state.request;
    if let Err(panic) = guard(Point::AnswersEnd, || drop(state)) {
        log_panic::<D>(request, &panic);
    }
}

impl<D: Definition> Hooks<'_, D> {
    /// Offers `F`'s answers to the other modules.
    pub fn answers<F: AnswersFamily>(&self) {
        let function: Open = open::<D, F>;
        // SAFETY: both are C function pointers; the asker knows the real type by the name.
        let function = unsafe { std::mem::transmute::<Open, unsafe extern "C" fn()>(function) };
        // SAFETY: while hooks are registered; the name is static.
        unsafe { sys::apr_dynamic_fn_register(F::TOPIC.0.as_ptr(), Some(function)) };
    }
}

/// Another module's answers to questions about one request.
pub struct Asker<'r> {
    answerer: Answerer,
    request: PhantomData<Request<'r>>,
}

impl<'r> Asker<'r> {
    /// Asks whoever offers answers to the topic. `None` if no loaded module does, or has nothing to say of
    /// this request.
    pub fn new(topic: Topic, request: Request<'r>) -> Option<Self> {
        // SAFETY: looks a name up; null is None.
        let function = unsafe { sys::apr_dynamic_fn_retrieve(topic.0.as_ptr()) }?;
        // SAFETY: what is registered under such a name has this type.
        let open = unsafe { std::mem::transmute::<unsafe extern "C" fn(), Open>(function) };
        let mut answerer = std::mem::MaybeUninit::<Answerer>::uninit();
        let size = size_of::<Answerer>();
        // SAFETY: a live request and room for the structure; the module that registered the
        // function stays loaded while requests are served.
        let filled = unsafe { open(request.as_ptr(), size, answerer.as_mut_ptr()) };
        (filled != 0).then(|| Self {
            // SAFETY: filled, by the function's contract.
            answerer: unsafe { answerer.assume_init() },
            request: PhantomData,
        })
    }

    /// What holds for all answers.
    pub fn traits(&self) -> u32 {
        self.answerer.traits
    }

    /// The answer to one question.
    pub fn ask(&mut self, question: Question<'_>) -> u32 {
        let raw = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
        let texts = question.texts.map(raw);
        let Answerer { state, answer, .. } = self.answerer;
        // SAFETY: the module's own state, not ended yet, and C strings or null.
        unsafe { answer(state, &raw const texts, question.flags) }
    }
}

impl Drop for Asker<'_> {
    fn drop(&mut self) {
        // SAFETY: the module's own state, ended once; the request lives for `'r`.
        unsafe { (self.answerer.end)(self.answerer.state) };
    }
}
