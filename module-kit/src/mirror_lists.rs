//! What mod_mirrorbrain tells mod_autoindex_mb: which files of a directory have mirror lists.

use apache::{Answers, AnswersFamily, Asker, Definition, Hooks, Question, Request, Topic};
use std::ffi::CStr;
use std::marker::PhantomData;

const TOPIC: Topic = Topic::new(c"mirrorbrain_answers_1_mirror_lists");

/// Of all answers: the content type of a file counts.
const NEEDS_TYPES: u32 = 1;

/// Of a question: the file is a symbolic link.
const IS_LINK: u32 = 1;

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
/// request for one.
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

/// Offers `F`'s answers to mod_autoindex_mb.
pub fn offer_mirror_lists<D: Definition, F: MirrorListsFamily>(hooks: &Hooks<'_, D>) {
    hooks.answers::<Family<F>>();
}

struct Family<F>(PhantomData<F>);

impl<F: MirrorListsFamily> AnswersFamily for Family<F> {
    const TOPIC: Topic = TOPIC;
    type Answers<'r> = Lists<F::Lists<'r>>;
}

struct Lists<L>(L);

impl<'r, L: MirrorLists<'r>> Answers<'r> for Lists<L> {
    fn open(request: Request<'r>) -> Option<Self> {
        L::open(request).map(Self)
    }

    fn traits(&self) -> u32 {
        if self.0.needs_types() { NEEDS_TYPES } else { 0 }
    }

    fn answer(&mut self, question: Question<'_>) -> u32 {
        let [Some(name), content_type] = question.texts else {
            return 0;
        };
        let file = ListedFile {
            name,
            is_link: question.flags & IS_LINK != 0,
            content_type,
        };
        u32::from(self.0.has_list(file))
    }
}

/// mod_mirrorbrain's answers for the files of one directory.
pub struct MirrorListAsker<'r>(Asker<'r>);

impl<'r> MirrorListAsker<'r> {
    /// Asks about the directory that `listing` is a request for. `None` if no file has a list, or
    /// mod_mirrorbrain is not loaded.
    pub fn new(listing: Request<'r>) -> Option<Self> {
        Asker::new(TOPIC, listing).map(Self)
    }

    /// Whether the answer depends on the content type of a file.
    pub fn needs_types(&self) -> bool {
        self.0.traits() & NEEDS_TYPES != 0
    }

    /// Whether `file` has a mirror list.
    pub fn has_list(&mut self, file: ListedFile<'_>) -> bool {
        let question = Question {
            texts: [Some(file.name), file.content_type],
            flags: if file.is_link { IS_LINK } else { 0 },
        };
        self.0.ask(question) != 0
    }
}
