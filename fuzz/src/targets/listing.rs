//! Names and descriptions in a directory listing. The module is a library that only httpd can
//! load, so its files that need no httpd are compiled here once more.

use super::fields;
use percent_encoding::percent_decode_str;
use scraper::Html;
use url::Url;

#[path = "../../../mod_autoindex_mb/src/description.rs"]
mod description;
#[path = "../../../mod_autoindex_mb/src/escape.rs"]
pub(super) mod escape;

/// A name, and a description of so many characters as the last byte tells.
pub fn listing(input: &[u8]) {
    let mut fields = fields(input);
    let name = fields.next().unwrap_or_default();
    let text = fields.next().unwrap_or_default();
    let width = input.last().map(|&byte| usize::from(byte));
    escapes(name);
    if !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/') {
        link(name);
    }
    for width in [None, width] {
        let cut = description::cut(text, width);
        assert!(cut.len() <= text.len());
        let _ = description::visible_width(&cut);
    }
}

/// HTML shows the name and nothing else.
fn escapes(name: &[u8]) {
    let (mut value, mut text) = (Vec::new(), Vec::new());
    escape::html(name, &mut value);
    escape::html_text(name, &mut text);
    assert!(!value.iter().any(|b| b"<>\"".contains(b)));
    assert!(!text.iter().any(|b| b"<>".contains(b)));
    // Readers normalise line ends, and replace what is no text.
    if let Ok(name) = std::str::from_utf8(name)
        && !name.contains(['\r', '\0'])
    {
        for html in [&value, &text] {
            let page = Html::parse_fragment(&String::from_utf8_lossy(html));
            assert_eq!(page.root_element().text().collect::<String>(), name);
        }
    }
}

/// The link leads to the file, on this server.
fn link(name: &[u8]) {
    let mut link = Vec::new();
    escape::url_path_in_html(name, &mut link);
    let link = String::from_utf8(link)
        .expect("ASCII")
        .replace("&amp;", "&");
    let here = Url::parse("http://d.example/dir/").expect("a URL");
    let there = here.join(&link).expect("a relative path");
    assert_eq!(there.origin(), here.origin());
    let decoded: Vec<u8> = percent_decode_str(there.path()).collect();
    assert_eq!(decoded, [b"/dir/", name].concat());
}
