//! The handler: which requests get a listing, and its steps.

use crate::AutoindexMb;
use crate::config::DirectoryConfig;
use crate::options::Flags;
use crate::page::{Out, Page};
use crate::query::{Direction, Key, View};
use crate::reading::OpenDirectory;
use crate::scan::Scan;
use crate::{escape, fancy, frame, order, plain, table};
use apache::{Handler, Level, Method, Outcome, Request};
use std::io;

/// Lists directories.
pub struct Listing;

impl Handler for Listing {
    fn handle(request: Request<'_>) -> Outcome {
        if request.handler() != Some(c"httpd/unix-directory") {
            return Outcome::Declined;
        }
        let Some(config) = request.directory_config::<AutoindexMb>() else {
            return Outcome::Declined;
        };
        request.allow_get();
        if matches!(request.method(), Method::Post | Method::Other) {
            return Outcome::Declined;
        }
        if !request.may_index() {
            return refuse(request, config);
        }
        if let Err(outcome) = request.discard_body() {
            return outcome;
        }
        let name = request.filename().unwrap_or(c"").to_bytes();
        if !name.ends_with(b"/") {
            request.set_filename(&[name, b"/"].concat());
        }
        list(request, config)
    }
}

fn refuse(request: Request<'_>, config: &DirectoryConfig) -> Outcome {
    request.log::<AutoindexMb>(Level::Error, || {
        let name = request.filename().unwrap_or(c"").to_string_lossy();
        let wanted = request.notes().get(c"dir-index-names");
        let wanted = wanted.map_or("none".into(), |names| names.to_string_lossy());
        format!(
            "Cannot serve directory {name}: No matching DirectoryIndex ({wanted}) found, and \
             server-generated directory index forbidden by Options directive"
        )
    });
    if config.forbidden_is_404 == Some(true) {
        Outcome::Status(404)
    } else {
        Outcome::Status(403)
    }
}

fn list<'r>(request: Request<'r>, config: &'r DirectoryConfig) -> Outcome {
    let name = request.filename().unwrap_or(c"");
    let directory = match OpenDirectory::open(name) {
        Ok(directory) => directory,
        Err(problem) => {
            request.log::<AutoindexMb>(Level::Error, || {
                let name = name.to_string_lossy();
                format!("Can't open directory for index: {name}: {problem}")
            });
            return Outcome::Status(403);
        }
    };
    request.set_content_type(&content_type(config));
    if config.options.flags.has(Flags::TRACK_MODIFIED) {
        request.set_validators_from_file();
    }
    if request.method() == Method::Head {
        return Outcome::Ok;
    }
    // Once the page has begun the status stands; a client that goes away is no error.
    let _ = send(request, config, directory);
    Outcome::Ok
}

fn content_type(config: &DirectoryConfig) -> Vec<u8> {
    let media_type = config.options.content_type.as_deref();
    let charset = config.options.charset.as_deref();
    let (media_type, charset) = (
        media_type.unwrap_or(b"text/html"),
        charset.unwrap_or(b"ISO-8859-1"),
    );
    if charset.is_empty() {
        return media_type.to_vec();
    }
    [media_type, b";charset=", charset].concat()
}

fn send<'r>(
    request: Request<'r>,
    config: &'r DirectoryConfig,
    directory: OpenDirectory,
) -> io::Result<()> {
    let view = view(request, config);
    let page = Page {
        request,
        config,
        view: &view,
    };
    let mut out = Out::new(request);
    let mut uri = request.uri();
    while let Some(shorter) = uri.strip_suffix(b"/").filter(|shorter| !shorter.is_empty()) {
        uri = shorter;
    }
    let mut title = Vec::new();
    escape::html(uri, &mut title);
    let is_ours = frame::head(&page, &title, &mut out)?;

    let entries = Scan::new(request, config, &view).entries(&directory);
    let entries = order::sorted(&entries, &view);
    if view.flags.has(Flags::HTML_TABLE) {
        table::write(&page, &entries, &mut out)?;
    } else if view.flags.has(Flags::FANCY_INDEXING) {
        fancy::write(&page, &entries, &mut out)?;
    } else {
        plain::write(&page, &entries, &mut out)?;
    }
    frame::tail(&page, is_ours, &mut out)
}

fn view<'r>(request: Request<'r>, config: &DirectoryConfig) -> View<'r> {
    let mut view = View {
        flags: config.options.flags,
        key: config.key.unwrap_or(Key::Name),
        direction: config.direction.unwrap_or(Direction::Ascending),
        pattern: None,
        carried: Vec::new(),
    };
    if view.flags.has(Flags::IGNORE_CLIENT) {
        view.flags = view.flags.with(Flags::SUPPRESS_COLUMN_SORTING);
    } else if let Some(query) = request.args() {
        view.read(query, |text| apache::unescape_url(request.pool(), text));
    }
    view
}
