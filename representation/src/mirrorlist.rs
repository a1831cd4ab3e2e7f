//! HTML page of the mirrors.

use crate::{Answer, Document};

pub(crate) fn answer<'a>(_doc: &Document<'a>) -> Answer<'a> {
    Answer::new("text/html; charset=UTF-8")
}
