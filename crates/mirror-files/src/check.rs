//! Whether a server can do what is asked of mirrors.
//!
//! ```no_run
//! use mirror_files::{Options, check};
//!
//! let url = "https://ftp.example.org/pub/";
//! for finding in check::check(url, Some("iso/dvd.iso"), &Options::default()) {
//!     println!("{:?} {}: {}", finding.verdict, finding.what, finding.text);
//! }
//! ```

use std::ops::ControlFlow;

use crate::http::{self, Client, Family, LargeFile};
use crate::{Entry, Error, Listing, Options, Sink, Size, ftp, rsync};

/// Files of more bytes are more than some servers can deliver.
const LARGE: u64 = 1 << 31;

/// So many entries of a listing are looked at.
const ENOUGH: u64 = 1000;

/// How good something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It will do.
    Poor,
    /// A mirror cannot be used like this.
    Bad,
}

/// Something that was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in a word.
    pub what: &'static str,
    /// How good it is.
    pub verdict: Verdict,
    /// What was found, in a few words.
    pub text: String,
}

impl Finding {
    fn new(what: &'static str, verdict: Verdict, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            what,
            verdict,
            text,
        }
    }
}

/// Looks at a URL of HTTP, FTP or rsync, and over HTTP and rsync at a file below it: whether it is listed and how surely,
/// over which family of addresses it answers, whether the other scheme does, and whether parts of the file are
/// delivered, beyond 2^31 bytes too if it is as large.
pub fn check(url: &str, path: Option<&str>, options: &Options) -> Vec<Finding> {
    let mut findings = vec![listing(url, options)];
    if url.starts_with("http") {
        findings.push(family("ipv4", Verdict::Bad, url, Family::Ipv4, options));
        findings.push(family("ipv6", Verdict::Poor, url, Family::Ipv6, options));
        findings.extend(other_scheme(url, options));
        if let Some(path) = path {
            findings.extend(file(url, path, options));
        }
    } else if let Some(path) = path
        && !url.starts_with("ftp:")
    {
        findings.push(rsync_file(url, path, options));
    }
    findings
}

/// The top of a listing.
#[derive(Default)]
struct Top {
    entries: u64,
    files: u64,
    exact: u64,
    sized: u64,
}

impl Sink for Top {
    fn entry(&mut self, entry: Entry) -> ControlFlow<()> {
        self.entries += 1;
        if entry.kind == crate::Kind::File {
            self.files += 1;
            self.exact += u64::from(matches!(entry.size, Size::Exact(_)));
            self.sized += u64::from(entry.size != Size::Unknown);
        }
        match self.entries {
            ENOUGH.. => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn enters(&mut self, _: &Entry) -> bool {
        false
    }
}

fn list(url: &str, options: &Options, sink: &mut dyn Sink) -> Result<Listing, Error> {
    match url.split(':').next() {
        Some("http" | "https") => http::list(url, options, sink),
        Some("ftp") => ftp::list(url, options, sink),
        _ => rsync::list(url, options, sink),
    }
}

fn listing(url: &str, options: &Options) -> Finding {
    let mut top = Top::default();
    let listed = list(url, options, &mut top);
    let error = match &listed {
        Ok(listing) => listing.unread.first().map(|unread| &unread.error),
        Err(error) => Some(error),
    };
    if let Some(error) = error {
        // Other protocols may do.
        return Finding::new("listing", Verdict::Poor, error.to_string());
    }
    let (verdict, sizes) = match &top {
        Top { files: 0, .. } => (Verdict::Good, "no files at the top"),
        top if top.exact == top.files => (Verdict::Good, "exact sizes"),
        top if top.sized == 0 => (Verdict::Poor, "sizes are not told"),
        _ => (Verdict::Good, "rounded sizes"),
    };
    let kind = match url.starts_with("http") {
        true => http::kind(url, options).unwrap_or("HTML"),
        false if url.starts_with("ftp:") => "FTP",
        false => "rsync",
    };
    let more = if top.entries >= ENOUGH {
        "at least "
    } else {
        ""
    };
    let text = format!("{kind}, {more}{} entries, {sizes}", top.entries);
    Finding::new("listing", verdict, text)
}

fn family(
    what: &'static str,
    otherwise: Verdict,
    url: &str,
    family: Family,
    options: &Options,
) -> Finding {
    let client = Client::over(family, options);
    match client.status(url) {
        Ok(status) => Finding::new(what, Verdict::Good, format!("status {status}")),
        Err(error) => Finding::new(what, otherwise, error.to_string()),
    }
}

/// The URL with the other scheme, if it is on the usual port.
fn other_scheme(url: &str, options: &Options) -> Option<Finding> {
    let parsed = url::Url::parse(url).ok()?;
    if parsed.port().is_some() {
        return None;
    }
    let (what, other) = match url.strip_prefix("https:") {
        Some(rest) => ("http", format!("http:{rest}")),
        None => ("https", format!("https:{}", url.strip_prefix("http:")?)),
    };
    Some(family(what, Verdict::Poor, &other, Family::Any, options))
}

fn file(url: &str, path: &str, options: &Options) -> Vec<Finding> {
    let mut found = None;
    let paths = [path.trim_matches('/').to_owned()];
    let listed = http::files(url, &paths, options, &mut |entry: Entry| {
        found = Some(entry.size);
        ControlFlow::Continue(())
    });
    let size = match (listed, found) {
        (Err(error), _) => return vec![Finding::new("file", Verdict::Bad, error.to_string())],
        (Ok(_), None) => return vec![Finding::new("file", Verdict::Bad, "it is not there")],
        (Ok(_), Some(size)) => size,
    };
    let text = match size {
        Size::Exact(bytes) => format!("{bytes} bytes"),
        _ => "the size is not told".to_owned(),
    };
    let mut findings = vec![Finding::new("file", Verdict::Good, text)];
    let client = Client::new(options);
    let said = |what, answer| match answer {
        LargeFile::Delivered => Finding::new(what, Verdict::Good, "delivered"),
        LargeFile::MovedToFtp => Finding::new(what, Verdict::Poor, "delivered over FTP"),
        LargeFile::Status(status) => Finding::new(what, Verdict::Bad, format!("status {status}")),
        LargeFile::NoRanges(_) => Finding::new(what, Verdict::Bad, "not delivered"),
    };
    let [path] = &paths;
    if size != Size::Exact(0) {
        findings.push(said(
            "ranges",
            client.check_part(url, path, size, "bytes=0-0"),
        ));
    }
    if matches!(size, Size::Exact(bytes) if bytes > LARGE) {
        findings.push(said("large", client.check_large(url, path, size)));
    }
    findings
}

fn rsync_file(url: &str, path: &str, options: &Options) -> Finding {
    let options = Options {
        rsync_files: vec![path.trim_matches('/').to_owned()],
        ..options.clone()
    };
    let mut size = Size::Unknown;
    let listed = rsync::list(url, &options, &mut |entry: Entry| {
        if entry.kind == crate::Kind::File {
            size = entry.size;
        }
        ControlFlow::Continue(())
    });
    match (listed, size) {
        (Err(error), _) => Finding::new("file", Verdict::Bad, error.to_string()),
        (Ok(_), Size::Exact(bytes)) => {
            Finding::new("file", Verdict::Good, format!("{bytes} bytes"))
        }
        (Ok(_), _) => Finding::new("file", Verdict::Bad, "it is not there"),
    }
}
