//! HTTP and HTTPS.

use super::rules::Counting;
use super::{Request, Settings};
use mirror_files::{Entry, Error, Listing, http};
use std::ops::ControlFlow;

pub(super) fn list(
    settings: &Settings,
    url: &str,
    request: &Request<'_>,
    sink: &mut dyn FnMut(Entry) -> ControlFlow<()>,
) -> Result<Listing, Error> {
    let options = settings.options(request);
    if !request.files.is_empty() {
        return http::files(url, request.files, &options, &mut |entry| sink(entry));
    }
    let mut counting = Counting {
        request,
        files_too: false,
        sink,
    };
    super::or_gone(http::list(url, &options, &mut counting), request)
}
