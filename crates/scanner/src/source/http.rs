//! HTTP: index pages, of whatever server, read by one rule.

mod page;

use super::web::Web;
use super::{Request, Settings};
use mirror_files::{Entry, Error, Kind, Listing, Size, Time, Unread};
use std::ops::ControlFlow;
use url::Url;

/// Directories in each other.
const DEEPEST: usize = 100;

pub(super) fn list(
    settings: &Settings,
    url: &str,
    request: &Request<'_>,
    sink: &mut dyn FnMut(Entry) -> ControlFlow<()>,
) -> Result<Listing, Error> {
    let base = Url::parse(&format!("{}/", url.trim_end_matches('/')))
        .map_err(|error| Error::Server(error.to_string()))?;
    let web = Web::new(settings.patience);
    let mut listing = Listing::default();
    let mut directories = vec![request.subtree.to_owned()];
    while let Some(directory) = directories.pop() {
        let entries = match read(&web, &base, &directory, &mut listing) {
            Ok(entries) => entries,
            // Only the base must be there.
            Err(Problem::Gone(_)) if !directory.is_empty() => continue,
            Err(Problem::Gone(said) | Problem::Other(said)) => {
                if directory == request.subtree && listing.entries == 0 {
                    return Err(Error::Server(said));
                }
                listing.unread.push(Unread {
                    path: directory,
                    error: Error::Server(said),
                });
                continue;
            }
        };
        for entry in entries {
            if entry.kind == Kind::Directory {
                let path = format!("{}/", entry.path);
                let is_top = request.subtree.is_empty() && directory.is_empty();
                let rules = request.rules;
                if rules.excludes(&path) || is_top && !rules.includes(&path, false) {
                    continue;
                }
                if entry.path.matches('/').count() < DEEPEST {
                    directories.push(entry.path.clone());
                }
            }
            listing.entries += 1;
            if sink(entry).is_break() {
                return Ok(listing);
            }
        }
    }
    Ok(listing)
}

/// Asks for single files.
pub(super) fn files(
    settings: &Settings,
    url: &str,
    files: &[String],
    sink: &mut dyn FnMut(Entry) -> ControlFlow<()>,
) -> Result<Listing, Error> {
    let base = Url::parse(&format!("{}/", url.trim_end_matches('/')))
        .map_err(|error| Error::Server(error.to_string()))?;
    let web = Web::new(settings.patience);
    let mut listing = Listing::default();
    let mut answered = false;
    for path in files {
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        let found = match web.head(&url) {
            Ok(found) => found,
            // The first answer says whether there is a server at all.
            Err(error) if !answered => return Err(Error::Server(error)),
            Err(error) => {
                let error = Error::Server(error);
                let path = path.clone();
                listing.unread.push(Unread { path, error });
                continue;
            }
        };
        answered = true;
        let Some((size, mtime)) = found else {
            continue;
        };
        listing.entries += 1;
        let entry = Entry {
            path: path.clone(),
            kind: Kind::File,
            size: size.map_or(Size::Unknown, Size::Exact),
            mtime: mtime.map_or(Time::Unknown, Time::Exact),
            mode: None,
        };
        if sink(entry).is_break() {
            break;
        }
    }
    Ok(listing)
}

/// Why a page is no listing.
enum Problem {
    Gone(String),
    Other(String),
}

fn read(
    web: &Web,
    base: &Url,
    directory: &str,
    listing: &mut Listing,
) -> Result<Vec<Entry>, Problem> {
    let mut url = base.clone();
    if !directory.is_empty() {
        let other = |()| Problem::Other("the URL takes no path".to_owned());
        let mut segments = url.path_segments_mut().map_err(other)?;
        segments
            .pop_if_empty()
            .extend(directory.split('/'))
            .push("");
    }
    let (url, status, text) = web.page(&url).map_err(Problem::Other)?;
    match status {
        200 => {}
        404 | 410 => return Err(Problem::Gone(format!("status {status}"))),
        status => return Err(Problem::Other(format!("status {status}"))),
    }
    listing.bytes += text.len() as u64;
    let page = page::Page::read(&text, &url);
    if !page.is_listing {
        return Err(Problem::Other("the page is no listing".to_owned()));
    }
    let mut entries = Vec::new();
    for item in page.items {
        let Some(name) = item.name else {
            listing.unusable += 1;
            continue;
        };
        let path = match directory {
            "" => name,
            directory => format!("{directory}/{name}"),
        };
        let (kind, size) = match item.is_directory {
            true => (Kind::Directory, Size::Unknown),
            false => (Kind::File, item.size),
        };
        let mtime = item.mtime.unwrap_or(Time::Unknown);
        entries.push(Entry {
            path,
            kind,
            size,
            mtime,
            mode: None,
        });
    }
    Ok(entries)
}
