//! What stands around the list: the page's head, HeaderName, ReadmeName, the signature.

use crate::escape;
use crate::options::Flags;
use crate::page::{Out, Page};
use crate::patterns::without_parameters;
use apache::{FileKind, Inclusion, Request};
use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;

/// A file to insert.
enum Insert<'r> {
    /// Sent by a sub-request, as a server-side include would.
    Html(Inclusion<'r>),
    /// Shown as it is.
    Text(File),
}

/// The file `name`, if it is there and may be read.
fn find<'r>(request: Request<'r>, name: &CStr) -> Option<Insert<'r>> {
    let headers = request.headers_in();
    let wanted = headers.get(c"Accept").map(CStr::to_bytes);
    let encodings = headers.get(c"Accept-Encoding").map(CStr::to_bytes);
    // The file becomes part of an HTML page, whatever the client asked that page to be.
    headers.set_static(c"Accept", c"text/html, text/plain");
    headers.unset(c"Accept-Encoding");
    let lookup = Inclusion::lookup_reference(request, name);
    match wanted {
        Some(wanted) => headers.set(c"Accept", wanted),
        None => headers.unset(c"Accept"),
    }
    if let Some(encodings) = encodings {
        headers.set(c"Accept-Encoding", encodings);
    }

    let lookup = lookup?;
    let found = lookup.request();
    if found.status() != 200 || found.file_info().kind != FileKind::Regular {
        return None;
    }
    let media_type = without_parameters(found.content_type()?);
    let media_type = media_type.to_bytes();
    let is = |name: &[u8]| media_type.eq_ignore_ascii_case(name);
    if is(b"text/html") || is(b"application/xhtml+xml") {
        return Some(Insert::Html(lookup));
    }
    let is_text = media_type
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"text/"));
    if !is_text {
        return None;
    }
    let path = OsStr::from_bytes(found.filename()?.to_bytes());
    File::open(path).ok().map(Insert::Text)
}

/// The page up to the list. Whether the frame is ours: a header of the site may have begun another.
pub fn head(page: &Page<'_, '_>, title: &[u8], out: &mut Out<'_>) -> io::Result<bool> {
    let name = page.config.header.as_deref();
    let mut is_ours = true;
    match name.and_then(|name| find(page.request, name)) {
        Some(Insert::Html(header)) => {
            is_ours = !page.has(Flags::SUPPRESS_HTML_PREAMBLE);
            if is_ours {
                preamble(page, title, out);
            }
            out.flush()?;
            header.request().take_args(page.request);
            header.run();
        }
        Some(Insert::Text(file)) => {
            preamble(page, title, out);
            plain(file, out)?;
        }
        None => {
            preamble(page, title, out);
            let open = if page.is_styled() {
                "  <h1 id=\"indextitle\">Index of "
            } else {
                "<h1>Index of "
            };
            out.put(open);
            out.put(title);
            out.put("</h1>\n");
        }
    }
    Ok(is_ours)
}

/// The page behind the list, of which [`head`] has said whether the frame is ours.
pub fn tail(page: &Page<'_, '_>, is_ours: bool, out: &mut Out<'_>) -> io::Result<()> {
    let has_landmarks = page.has(Flags::HTML5) && is_ours;
    let (mut signed, mut ended, mut inserted_html) = (false, false, false);
    if has_landmarks {
        out.put(" </main>\n <footer>\n");
    }
    let name = page.config.readme.as_deref();
    match name.and_then(|name| find(page.request, name)) {
        Some(Insert::Html(readme)) => {
            out.flush()?;
            if readme.run() {
                signed = true;
                inserted_html = true;
                ended = page.has(Flags::SUPPRESS_HTML_PREAMBLE);
            }
        }
        Some(Insert::Text(file)) => {
            plain(file, out)?;
            signed = true;
        }
        None => {}
    }
    if !signed {
        out.put(page.request.signature());
    }
    if page.has_links() && !inserted_html {
        out.put(
            "<address>Mirrors by <a href=\"https://mirrorbrain.org/\">MirrorBrain</a></address>\n",
        );
    }
    if has_landmarks && !ended {
        out.put(" </footer>\n");
    }
    if !ended {
        out.put("</body></html>\n");
    }
    out.flush()
}

fn preamble(page: &Page<'_, '_>, title: &[u8], out: &mut Out<'_>) {
    if page.has(Flags::HTML5) {
        out.put("<!DOCTYPE html>\n<html lang=\"en\">\n");
    } else if page.has(Flags::XHTML) {
        out.put(
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\
             \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
             <html xmlns=\"http://www.w3.org/1999/xhtml\">\n",
        );
    } else {
        out.put(apache::LISTING_DOCTYPE.to_bytes());
        out.put("<html>\n");
    }
    out.put(" <head>\n  <title>Index of ");
    out.put(title);
    out.put("</title>\n");
    if let Some(style_sheet) = &page.config.style_sheet {
        out.put("  <link rel=\"stylesheet\" href=\"");
        out.put(style_sheet.to_bytes());
        out.put(if page.has(Flags::HTML5) {
            "\""
        } else {
            "\" type=\"text/css\""
        });
        out.put(page.close_empty());
        out.put("\n");
    }
    if let Some(insert) = &page.config.head_insert {
        out.put(insert.to_bytes());
    }
    out.put(" </head>\n <body>\n");
    if page.has(Flags::HTML5) {
        out.put(" <main>\n");
    }
}

/// A text file, escaped.
fn plain(mut file: File, out: &mut Out<'_>) -> io::Result<()> {
    out.put("<pre>\n");
    let mut part = [0_u8; 8192];
    loop {
        // A file that cannot be read further ends here, the page goes on.
        let length = file.read(&mut part).unwrap_or(0);
        let Some(text @ [_, ..]) = part.get(..length) else {
            break;
        };
        let mut escaped = Vec::with_capacity(text.len());
        escape::html_text(text, &mut escaped);
        out.put(&escaped);
        out.pause()?;
    }
    out.put("</pre>\n");
    Ok(())
}
