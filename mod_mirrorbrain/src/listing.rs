//! What directory listings ask: whether a file has a mirror list to link to.

use crate::exchange::Exchange;
use crate::path::path;
use apache::{FileAnswer, Request};
use std::ffi::CStr;

/// Answers for the files of a directory, by the configuration of the directory.
pub struct Listed;

impl FileAnswer for Listed {
    fn answer(listing: Request<'_>, file: &CStr, _size: u64) -> bool {
        // MirrorBrainMinSize and the exclusions of clients are about redirects, not lists.
        let Some(exchange) = Exchange::begin(listing) else {
            return false;
        };
        let name = file.to_bytes().rsplit(|&b| b == b'/').next();
        let uri = [exchange.uri(), name.unwrap_or_default()].concat();
        let content_type = || {
            let file = listing.lookup_uri(&uri)?;
            file.request().content_type().map(Into::into)
        };
        exchange.config.excludes_file(&uri, content_type).is_none()
            && exchange
                .base()
                .is_some_and(|base| base.find_key(path(file)).is_some())
    }
}
