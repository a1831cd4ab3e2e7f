//! Whether a server delivers files of more than 2^31 bytes: some cannot count as far.

use super::LargeFile;
use mirror_files::Size;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;
use std::time::Duration;
use ureq::http::header::{CONTENT_RANGE, LOCATION, RANGE};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use url::Url;

/// The part around 2^31 that the original asks for.
const PART: &str = "bytes=2147483520-2147483649";

/// How often a server may send us elsewhere.
const REDIRECTS: usize = 5;

/// What of a path stands in a URL as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+');

/// Asks for a part of a file. `patience` is for the whole of an answer.
pub(super) fn check(base: &str, path: &str, size: Size, patience: Duration) -> LargeFile {
    let base = base.split_once('#').map_or(base, |(base, _)| base);
    let shown = format!("{}/{path}", base.trim_end_matches('/'));
    let escaped = utf8_percent_encode(path, PATH);
    let url = Url::parse(&format!("{}/{escaped}", base.trim_end_matches('/')));
    let Ok(mut url) = url else {
        return LargeFile::NoRanges(shown);
    };
    let agent = agent(patience);
    for _ in 0..=REDIRECTS {
        match url.scheme() {
            "http" | "https" => {}
            "ftp" => return LargeFile::MovedToFtp,
            _ => break,
        }
        let Ok(response) = agent.get(url.as_str()).header(RANGE, PART).call() else {
            break;
        };
        let status = response.status();
        let header = |name| response.headers().get(name)?.to_str().ok();
        match status.as_u16() {
            206 if header(CONTENT_RANGE).is_none_or(|range| has_total(range, size)) => {
                return LargeFile::Delivered;
            }
            301 | 302 | 303 | 307 | 308 => {
                let Some(next) = header(LOCATION).and_then(|to| url.join(to).ok()) else {
                    break;
                };
                url = next;
            }
            200 | 206 | 416 => break,
            status => return LargeFile::Status(status),
        }
    }
    LargeFile::NoRanges(shown)
}

/// Whether `bytes 1-2/3` tells the size that the file has, or none.
fn has_total(range: &str, size: Size) -> bool {
    match range.rsplit_once('/') {
        Some((_, "*")) => true,
        Some((_, total)) => total.parse().is_ok_and(|total| size.may_be(total)),
        None => false,
    }
}

fn agent(patience: Duration) -> ureq::Agent {
    let roots = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<_> = roots
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .build();
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("MirrorBrain mb/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(patience))
        .build();
    config.new_agent()
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
