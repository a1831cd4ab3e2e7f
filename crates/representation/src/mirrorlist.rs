//! HTML page of the mirrors.
//!
//! Sites style the page by its ids and classes that start with `mirrorbrain-`; those and their
//! nesting are fixed. The built-in style sheet lies in a cascade layer, so that whatever a site's
//! own sheet says wins, however simple its selectors are.

mod details;
mod map;
mod mirrors;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{Answer, Document, Segment, escape};

const STYLE: &str = include_str!("mirrorlist/style.css");
/// Left out beside a site's own sheet: ours cannot know whether those colours suit a dark page.
const DARK_STYLE: &str = include_str!("mirrorlist/dark.css");

/// A page for one client, and links that all lead to the same file: nothing for a search engine, nor
/// for `wget -r`.
const ROBOTS: &str = "noindex, nofollow";

pub(crate) fn answer<'a>(doc: &Document<'a>) -> Answer<'a> {
    // The page shows the client's address: no business of a shared cache.
    Answer::new("text/html; charset=UTF-8")
        .for_this_client()
        // A site's own frame may lack the element.
        .header("X-Robots-Tag", ROBOTS)
        .with(top(doc))
        .with(body(doc).into_string().into_bytes())
        .with(bottom(doc))
}

/// The page's start, up to where the site's own header ends.
fn top<'a>(doc: &Document<'a>) -> Segment<'a> {
    if let Some(header) = doc.page_header {
        return header.into();
    }
    let name = escape::display(doc.file.name());
    let page = html! {
        (DOCTYPE)
        // An unclosed element: the footer may be a site's own.
        (PreEscaped("\n<html lang=\"en\">\n"))
        head {
            meta charset="UTF-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="robots" content=(ROBOTS);
            title { "Mirrors of " (name) }
            style { (PreEscaped(STYLE)) }
            @match &doc.site.style_sheet {
                Some(url) => { link rel="stylesheet" href=(url); }
                None => {
                    meta name="color-scheme" content="light dark";
                    style { (PreEscaped(DARK_STYLE)) }
                }
            }
        }
        (PreEscaped("\n<body>\n"))
        header { h1 { bdi { (name) } } }
        (PreEscaped("\n"))
    };
    page.into_string().into_bytes().into()
}

/// What the page is about. `main` belongs to our own frame: a site's may have one already.
fn body(doc: &Document<'_>) -> Markup {
    let details = html! {
        div id="mirrorbrain-details" {
            (details::file_info(doc)) "\n"
            (details::links(doc)) "\n"
            (mirrors::mirrors(doc))
        }
        "\n"
    };
    if doc.page_header.is_some() {
        details
    } else {
        html! { main { (details) } }
    }
}

/// The page's end.
fn bottom<'a>(doc: &Document<'a>) -> Segment<'a> {
    if let Some(footer) = doc.page_footer {
        return footer.into();
    }
    let page = html! {
        "\n"
        footer { "Mirrors chosen by " (doc.site.generator) }
        (PreEscaped("\n</body>\n</html>\n"))
    };
    page.into_string().into_bytes().into()
}
