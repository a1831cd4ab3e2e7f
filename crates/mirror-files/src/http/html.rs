//! Pages of HTML, by one rule for all servers.

use std::cell::RefCell;
use std::collections::HashMap;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use percent_encoding::percent_decode_str;
use url::Url;

use super::Item;
use super::details::details;
use crate::{Kind, Size, Time};

/// So much of the text behind a link is looked at, in bytes.
const BEHIND: usize = 300;

/// What titles say of listings.
const TITLES: [&str; 3] = ["index of ", "directory listing", "directory: "];

/// Reads the page of a URL; `None` if it is no listing.
pub fn read(bytes: &[u8], url: &Url) -> Option<Vec<Item>> {
    let sink = Reader(RefCell::new(State::new(url)));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(&String::from_utf8_lossy(bytes)));
    // A script that ends stops it; scripts are not run.
    while let html5ever::TokenizerResult::Script(()) = tokenizer.feed(&input) {}
    tokenizer.end();
    let mut state = tokenizer.sink.0.into_inner();
    state.end_of_details();
    state.is_listing.then_some(state.items)
}

struct Reader(RefCell<State>);

struct State {
    url: Url,
    /// The directory of the page, decoded.
    directory: Vec<u8>,
    parent: Option<Url>,
    is_listing: bool,
    items: Vec<Item>,
    /// Places of items by name: icons may be links as well.
    places: HashMap<Vec<u8>, usize>,
    /// What the text that comes belongs to.
    part: Part,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Other,
    /// A title or a heading.
    Title,
    /// A link to an entry, or the text behind it.
    Link(usize),
    Behind(usize),
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => state.characters(&text),
            Token::TagToken(tag) => return state.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn new(url: &Url) -> Self {
        let directory = url.path().rsplit_once('/').map_or("", |(path, _)| path);
        Self {
            url: url.clone(),
            directory: percent_decode_str(directory).collect(),
            parent: url
                .join("..")
                .ok()
                .filter(|parent| parent.path() != url.path()),
            is_listing: false,
            items: Vec::new(),
            places: HashMap::new(),
            part: Part::Other,
            text: String::new(),
        }
    }

    fn characters(&mut self, text: &str) {
        if matches!(self.part, Part::Title | Part::Behind(_)) && self.text.len() < BEHIND {
            self.text.extend(text.chars().take(BEHIND));
        }
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let is_start = tag.kind == TagKind::StartTag;
        match &*tag.name {
            "a" if is_start => {
                self.end_of_details();
                self.link(tag);
            }
            "a" => {
                if let Part::Link(place) = self.part {
                    self.part = Part::Behind(place);
                    self.text.clear();
                }
            }
            "title" | "h1" | "h2" | "h3" if is_start => {
                self.end_of_details();
                self.part = Part::Title;
                self.text.clear();
            }
            "title" | "h1" | "h2" | "h3" => {
                let title = self.text.to_ascii_lowercase();
                self.is_listing |=
                    self.part == Part::Title && TITLES.iter().any(|t| title.contains(t));
                self.part = Part::Other;
            }
            // What is in these is no page.
            "script" if is_start => return TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noframes" if is_start => {
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            "textarea" if is_start => return TokenSinkResult::RawData(RawKind::Rcdata),
            _ => self.characters(" "),
        }
        TokenSinkResult::Continue
    }

    /// A link begins.
    fn link(&mut self, tag: &Tag) {
        self.part = Part::Other;
        let href = tag.attrs.iter().find(|attr| &*attr.name.local == "href");
        let Some(href) = href.map(|attr| &*attr.value) else {
            return;
        };
        let Ok(target) = self.url.join(href) else {
            return;
        };
        if self.parent.as_ref() == Some(&target) && href.starts_with("..") {
            self.is_listing = true;
        }
        let Some((name, kind)) = self.name(&target) else {
            return;
        };
        let place = *self.places.entry(name).or_insert_with_key(|name| {
            self.items.push(Item {
                name: name.clone(),
                kind,
                size: Size::Unknown,
                mtime: Time::Unknown,
            });
            self.items.len() - 1
        });
        self.part = Part::Link(place);
    }

    /// What is behind a link has ended.
    fn end_of_details(&mut self) {
        if let Part::Behind(place) = self.part
            && let Some((mtime, size)) = details(&self.text)
            && let Some(item) = self.items.get_mut(place)
        {
            (item.mtime, item.size) = (mtime, size);
            self.is_listing = true;
        }
        self.part = Part::Other;
    }

    /// What a link leads to, if that is directly below the page.
    fn name(&self, target: &Url) -> Option<(Vec<u8>, Kind)> {
        if target.origin() != self.url.origin()
            || target.query().is_some()
            || target.fragment().is_some()
        {
            return None;
        }
        let (path, kind) = match target.path().strip_suffix('/') {
            Some(path) => (path, Kind::Directory),
            None => (target.path(), Kind::File),
        };
        let (directory, segment) = path.rsplit_once('/')?;
        if segment.is_empty() || percent_decode_str(directory).ne(self.directory.iter().copied()) {
            return None;
        }
        Some((percent_decode_str(segment).collect(), kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Option<Vec<(String, Kind, Size)>> {
        let items = read(text.as_bytes(), &Url::parse("http://a/pub/x/").unwrap())?;
        let items = items.into_iter();
        Some(
            items
                .map(|i| (i.name.escape_ascii().to_string(), i.kind, i.size))
                .collect(),
        )
    }

    #[test]
    fn only_what_is_directly_below_the_page_is_an_entry() {
        let text = r#"<h1>Index of /pub/x</h1><a href="?C=N;O=D">Name</a><a href="/pub/">Parent</a>
            <a href="a%20b.txt">a..&gt;</a> 2023-11-14 22:13 5.0K <a href="/pub/x/d/">d/</a> 2023-11-14 22:13 -
            <a href="http://other/pub/x/e">e</a><a href="d/f">f</a><a href="../g">g</a><a name=x>
            <script>"<a href='no'>"</script><!-- <a href="no"> --><textarea><a href="no"></textarea>
            <a href="i%2fj">i</a><A HREF='k&amp;l'>k</A> 14-Nov-2023 22:13  2048"#;
        let file = |name: &str, size| (name.to_owned(), Kind::File, size);
        let expected = vec![
            file("a b.txt", Size::Between(4900, 5222)),
            ("d".to_owned(), Kind::Directory, Size::Unknown),
            file("i/j", Size::Unknown),
            file("k&l", Size::Exact(2048)),
        ];
        assert_eq!(names(text), Some(expected));
    }

    #[test]
    fn an_icon_that_is_a_link_is_no_other_entry() {
        let text = r#"<a href="a"><img alt="[ ]"></a> <a href="a">a</a> 2023-11-14 22:13 7"#;
        let expected = vec![("a".to_owned(), Kind::File, Size::Exact(7))];
        assert_eq!(names(text), Some(expected));
    }

    #[test]
    fn a_page_without_a_sign_of_a_listing_is_none() {
        for text in [
            "",
            "<h1>Sorry</h1> <a href=\"help.html\">help</a>",
            "<h1>Sorry</h1> index of <a href='/pub/'>home</a>",
        ] {
            assert_eq!(names(text), None, "{text}");
        }
        assert_eq!(names("<a href='../'>..</a>"), Some(Vec::new()));
        assert_eq!(names("<title>Index of /pub/x</title>"), Some(Vec::new()));
    }
}
