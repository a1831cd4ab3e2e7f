//! FTP.

use super::rules::Counting;
use super::{Request, Settings};
use mirror_files::{Entry, Error, Listing, ftp};
use std::ops::ControlFlow;

pub(super) fn list(
    settings: &Settings,
    url: &str,
    request: &Request<'_>,
    sink: &mut dyn FnMut(Entry) -> ControlFlow<()>,
) -> Result<Listing, Error> {
    if !request.files.is_empty() {
        let text = "single files are asked for over rsync and HTTP only";
        return Err(Error::Server(text.to_owned()));
    }
    let options = settings.options(request);
    let mut counting = Counting {
        request,
        files_too: true,
        sink,
    };
    super::or_gone(ftp::list(url, &options, &mut counting), request)
}
