//! Servers of HTTP and HTTPS: pages that list a directory, whoever writes them.
//!
//! ```no_run
//! use mirror_files::{Entry, Options, http};
//! use std::ops::ControlFlow;
//!
//! let listing = http::list("https://ftp.example.org/pub/", &Options::default(), &mut |entry: Entry| {
//!     println!("{}", entry.path);
//!     ControlFlow::Continue(())
//! })?;
//! # Ok::<(), mirror_files::Error>(())
//! ```

mod bucket;
mod client;
mod details;
mod html;
mod json;
mod large;

use std::thread;

use ureq::http::header::CONTENT_TYPE;
use url::Url;

use crate::crawl::{Directories, Found, Problem, crawl};
use crate::intake::{Intake, path, subtree};
use crate::{Entry, Error, Kind, Listing, Options, Sink, Size, Time};
use client::{Answer, Question, header, retry_after};

pub use client::{Client, Family, agent};
pub use large::LargeFile;

#[doc(hidden)]
pub use bucket::read as read_bucket;
#[doc(hidden)]
pub use html::read as read_html;
#[doc(hidden)]
pub use json::read as read_json;

/// An entry of a page.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Without percent escapes; perhaps none that can be used.
    pub name: Vec<u8>,
    pub kind: Kind,
    pub size: Size,
    pub mtime: Time,
}

/// Lists what a server has, one page for each directory: JSON of nginx and Caddy, the XML of S3 and what does as it
/// does, or else HTML.
///
/// Of HTML a link is an entry if it leads to the server of the page, directly below it, without query; it is a directory
/// if a slash ends it. Links cannot be told from what they lead to. What a page rounds is an interval, as is a time
/// without a zone. A page that shows no sign of a listing (a title that says so, a link to the directory above, a date) is
/// none, whatever its status: nothing below it may be taken for gone.
///
/// Redirects are followed five times, and never into a private network, unless the URL itself is there. A server that
/// names a time to wait (429 or 503 with `Retry-After`, RFC 9110) is asked once more then, if that is within a minute.
///
/// # Errors
/// If the base, or the subtree, cannot be read.
pub fn list(url: &str, options: &Options, sink: &mut dyn Sink) -> Result<Listing, Error> {
    let below = subtree(options)?.to_owned();
    let mut server = Server {
        base: base(url)?,
        client: Client::new(options),
        start: below.clone(),
    };
    let mut intake = Intake::new(options, sink);
    let end = crawl(&mut server, &below, &mut intake);
    intake.finish(end)
}

/// Asks for single files, by `HEAD`. What is not there is not listed; what cannot be told is unread.
///
/// # Errors
/// If there is no answer for the first.
pub fn files(
    url: &str,
    files: &[String],
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Listing, Error> {
    let base = base(url)?;
    let client = Client::new(options);
    let mut intake = Intake::new(options, sink);
    let end = files.iter().enumerate().try_for_each(|(number, path)| {
        intake.time()?;
        let left = intake.left().unwrap_or_default();
        match client.head(&below(&base, path), left) {
            Ok(Some((size, mtime))) => {
                let path = path.clone();
                let (kind, mode) = (Kind::File, None);
                intake.entry(Entry {
                    path,
                    kind,
                    size,
                    mtime,
                    mode,
                })?;
            }
            Ok(None) => {}
            // The first answer says whether there is a server at all.
            Err(error) if number == 0 => return Err(error.into()),
            Err(error) => intake.unread(path.clone(), error),
        }
        Ok(())
    });
    intake.finish(end)
}

/// How a server writes the page of a directory: `JSON`, `XML` or `HTML`, by what it says of it.
///
/// # Errors
/// If there is no answer.
pub fn kind(url: &str, options: &Options) -> Result<&'static str, Error> {
    let answer = Client::new(options).ask(&Question::get(&base(url)?), options.limit)?;
    let kind = header(&answer.response, CONTENT_TYPE).unwrap_or_default();
    Ok(match kind {
        kind if kind.contains("json") => "JSON",
        kind if kind.contains("xml") && !kind.contains("html") => "XML",
        _ => "HTML",
    })
}

/// The directory that a URL means.
fn base(url: &str) -> Result<Url, Error> {
    let parsed = Url::parse(&format!("{}/", url.trim_end_matches('/')));
    let url = parsed.map_err(|error| Error::Url(format!("the URL is none: {error}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(Error::Url(format!("{other}: is no protocol of pages"))),
    }
}

/// The URL of a file, or with a slash at its end of a directory, below the base.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    if !path.is_empty()
        && let Ok(mut segments) = url.path_segments_mut()
    {
        segments.pop_if_empty().extend(path.split('/'));
    }
    url
}

struct Server {
    base: Url,
    client: Client,
    /// The directory that was asked for.
    start: String,
}

/// A page as it came.
struct Page {
    url: Url,
    kind: String,
    bytes: Vec<u8>,
}

impl Directories for Server {
    fn read(&mut self, directory: &str, found: &mut Found<'_, '_>) -> Result<(), Problem> {
        let url = match directory {
            "" => self.base.clone(),
            directory => below(&self.base, &format!("{directory}/")),
        };
        let page = match self.page(&url, found.intake) {
            // Buckets have no directories.
            Err(Problem::Gone(error)) if directory == self.start && !directory.is_empty() => {
                return self.bucket_below(directory, error, found);
            }
            page => page?,
        };
        if page.kind.contains("xml") && !page.kind.contains("html") {
            return self.bucket(&page, "", found);
        }
        let items = match page.kind.contains("json") {
            true => json::read(&page.bytes),
            false => html::read(&page.bytes, &page.url),
        };
        for item in items.ok_or_else(no_listing)? {
            match usable(path(directory, &item.name)) {
                Some(path) => found.entry(entry(path, &item))?,
                None => found.intake.unusable(),
            }
        }
        Ok(())
    }
}

impl Server {
    /// A page of the server. Waits if it asks for that.
    fn page(&self, url: &Url, intake: &mut Intake<'_>) -> Result<Page, Problem> {
        let mut answer = self.ask(url, intake)?;
        if let Some(wait) = retry_after(&answer)
            && intake.left().is_some_and(|left| left > wait)
        {
            thread::sleep(wait);
            answer = self.ask(url, intake)?;
        }
        answer.check_status()?;
        let kind = header(&answer.response, CONTENT_TYPE).unwrap_or("text/html");
        let kind = kind.to_ascii_lowercase();
        if !["html", "json", "xml"]
            .iter()
            .any(|name| kind.contains(name))
        {
            return Err(Problem::Here(Error::NoListing(format!(
                "it is {kind}, and no page"
            ))));
        }
        let url = answer.url.clone();
        let bytes = self.client.body(answer, |bytes| intake.bytes(bytes))?;
        Ok(Page { url, kind, bytes })
    }

    fn ask(&self, url: &Url, intake: &Intake<'_>) -> Result<Answer, Problem> {
        intake.time()?;
        let left = intake.left().unwrap_or_default();
        let answer = self.client.ask(&Question::get(url), left);
        answer.map_err(Problem::Here)
    }

    /// What a bucket has below a directory, if the base is a bucket.
    fn bucket_below(
        &self,
        directory: &str,
        error: Error,
        found: &mut Found<'_, '_>,
    ) -> Result<(), Problem> {
        let prefix = format!("{directory}/");
        let mut url = self.base.clone();
        url.query_pairs_mut().append_pair("prefix", &prefix);
        let page = match self.page(&url, found.intake) {
            Ok(page) if page.kind.contains("xml") && !page.kind.contains("html") => page,
            Ok(_) | Err(Problem::Gone(_) | Problem::Here(_)) => return Err(Problem::Gone(error)),
            Err(problem) => return Err(problem),
        };
        self.bucket(&page, &prefix, found)
    }

    /// What a bucket has, beginning with a page of its list. Its keys are whole paths.
    fn bucket(&self, first: &Page, prefix: &str, found: &mut Found<'_, '_>) -> Result<(), Problem> {
        let mut next: Option<Page> = None;
        let mut last = String::new();
        let mut number = 0_u64;
        loop {
            let page = next.as_ref().unwrap_or(first);
            let list = bucket::read(&page.bytes).ok_or_else(no_listing)?;
            for item in &list.items {
                match usable(bucket::path(&item.name, prefix)) {
                    Some(path) => {
                        found.intake.entry(entry(path, item))?;
                        number += 1;
                    }
                    None => found.intake.unusable(),
                }
            }
            let Some(marker) = list.next else {
                break;
            };
            // Keys come in their order; else the list would not end.
            if marker <= last {
                return Err(Problem::Here(Error::Ended));
            }
            let mut url = self.base.clone();
            let mut pairs = url.query_pairs_mut();
            if !prefix.is_empty() {
                pairs.append_pair("prefix", prefix);
            }
            pairs.append_pair("marker", &marker);
            drop(pairs);
            last = marker;
            next = Some(self.page(&url, found.intake)?);
        }
        match number {
            0 if !prefix.is_empty() => {
                Err(Problem::Gone(Error::Gone("there is nothing".to_owned())))
            }
            _ => Ok(()),
        }
    }
}

fn no_listing() -> Problem {
    Problem::Here(Error::NoListing("the page is no listing".to_owned()))
}

/// A name of a page that was not UTF-8 is not what it was.
fn usable(path: Option<String>) -> Option<String> {
    path.filter(|path| !path.contains(char::REPLACEMENT_CHARACTER))
}

fn entry(path: String, item: &Item) -> Entry {
    Entry {
        path,
        kind: item.kind,
        size: item.size.for_kind(item.kind),
        mtime: item.mtime,
        mode: None,
    }
}
