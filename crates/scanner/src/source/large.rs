//! Whether a server delivers files of more than 2^31 bytes: some cannot count as far.

use super::LargeFile;
use super::web::{Answer, Web, header};
use mirror_files::Size;
use std::time::Duration;
use ureq::http::header::CONTENT_RANGE;
use url::Url;

/// The part around 2^31 that the original asks for.
const PART: &str = "bytes=2147483520-2147483649";

/// Asks for a part of a file.
pub(super) fn check(base: &str, path: &str, size: Size, patience: Duration) -> LargeFile {
    let base = base.split_once('#').map_or(base, |(base, _)| base);
    let base = base.trim_end_matches('/');
    let shown = format!("{base}/{path}");
    let Ok(mut url) = Url::parse(&format!("{base}/")) else {
        return LargeFile::NoRanges(shown);
    };
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/'));
    }
    // A connection that breaks says nothing about the server.
    let ask = || Web::new(patience).get(&url, Some(PART));
    let answer = ask().or_else(|_| ask()).or_else(|_| ask());
    let response = match answer {
        Ok(Answer::Elsewhere(url)) if url.scheme() == "ftp" => return LargeFile::MovedToFtp,
        Ok(Answer::Response(_, response)) => response,
        _ => return LargeFile::NoRanges(shown),
    };
    match response.status().as_u16() {
        206 if header(&response, CONTENT_RANGE).is_none_or(|range| has_total(range, size)) => {
            LargeFile::Delivered
        }
        200 | 206 | 416 => LargeFile::NoRanges(shown),
        status => LargeFile::Status(status),
    }
}

/// Whether `bytes 1-2/3` tells the size that the file has, or none.
fn has_total(range: &str, size: Size) -> bool {
    match range.rsplit_once('/') {
        Some((_, "*")) => true,
        Some((_, total)) => total.parse().is_ok_and(|total| size.may_be(total)),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THIRTY: Size = Size::Exact(30);

    #[test]
    fn the_whole_size_must_be_right_where_it_is_told() {
        assert!(has_total("bytes 1-2/30", THIRTY) && has_total("bytes 1-2/*", THIRTY));
        assert!(!has_total("bytes 1-2/29", THIRTY) && !has_total("bytes", THIRTY));
    }
}
