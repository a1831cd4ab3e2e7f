//! Pages over HTTP and HTTPS. No proxy stands between us and a mirror: what it says would be its cache's.

use std::io::Read;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use ureq::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LAST_MODIFIED, LOCATION, RANGE};
use ureq::http::{HeaderName, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body};
use url::{Host, Url};

/// How often a server may send us elsewhere.
const REDIRECTS: usize = 5;

/// The largest page: half a million names in one directory.
const LARGEST: u64 = 128 << 20;

/// An HTTP client.
pub(super) struct Web {
    agent: Agent,
}

/// Bytes and second of a file, as far as the server tells.
pub(super) type FileHead = (Option<u64>, Option<i64>);

/// An answer, or where it is.
pub(super) enum Answer {
    /// With this URL, which it was sent from.
    Response(Url, Response<Body>),
    /// In a place that is not asked: another protocol.
    Elsewhere(Url),
}

impl Web {
    pub fn new(patience: Duration) -> Self {
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
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("MirrorBrain mb/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(patience))
            .timeout_connect(Some(patience))
            .timeout_recv_response(Some(patience))
            .timeout_global(Some(patience * 10))
            .build();
        Self {
            agent: config.new_agent(),
        }
    }

    /// Asks for a URL, or a part of what is there; follows redirects.
    pub fn get(&self, url: &Url, part: Option<&str>) -> Result<Answer, String> {
        self.ask(url, part, false)
    }

    /// Size and time of a file; `None` if it is not there.
    pub fn head(&self, url: &Url) -> Result<Option<FileHead>, String> {
        let response = match self.ask(url, None, true)? {
            Answer::Response(_, response) => response,
            Answer::Elsewhere(url) => return Err(format!("it leads to {}", shown(&url))),
        };
        match response.status().as_u16() {
            200 => {}
            404 | 410 => return Ok(None),
            status => return Err(format!("status {status}")),
        }
        let size = header(&response, CONTENT_LENGTH).and_then(|text| text.parse().ok());
        let mtime = header(&response, LAST_MODIFIED);
        let mtime = mtime.and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
        Ok(Some((size, mtime.map(|time| time.timestamp().as_second()))))
    }

    fn ask(&self, url: &Url, part: Option<&str>, only_head: bool) -> Result<Answer, String> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            if !matches!(url.scheme(), "http" | "https") {
                return Ok(Answer::Elsewhere(url));
            }
            let mut request = match only_head {
                true => self.agent.head(url.as_str()),
                false => self.agent.get(url.as_str()),
            };
            if let Some(part) = part {
                request = request.header(RANGE, part);
            }
            let response = request.call().map_err(|error| error.to_string())?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(Answer::Response(url, response));
            }
            let next = header(&response, LOCATION).and_then(|to| url.join(to).ok());
            let next = next.ok_or("a redirect that leads nowhere")?;
            if !may_follow(&url, &next) {
                return Err(format!("it leads to {}, which is not asked", shown(&next)));
            }
            url = next;
        }
        Err("it leads elsewhere again and again".to_owned())
    }

    /// The page at a URL that is a directory's: status and text.
    pub fn page(&self, url: &Url) -> Result<(Url, u16, String), String> {
        let (url, response) = match self.get(url, None)? {
            Answer::Response(url, response) => (url, response),
            Answer::Elsewhere(url) => return Err(format!("it leads to {}", shown(&url))),
        };
        let status = response.status().as_u16();
        let kind = header(&response, CONTENT_TYPE).unwrap_or("text/html");
        if status == 200 && !kind.starts_with("text/html") && !kind.contains("xhtml") {
            return Err(format!("it is {kind}, and no page"));
        }
        let mut bytes = Vec::new();
        let body = response.into_body().into_reader();
        let read = body.take(LARGEST + 1).read_to_end(&mut bytes);
        read.map_err(|error| error.to_string())?;
        if bytes.len() as u64 > LARGEST {
            return Err("the page does not end".to_owned());
        }
        Ok((url, status, String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// A header that is text.
pub(super) fn header(response: &Response<Body>, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

/// Without login and query.
fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{}://{host}{}", url.scheme(), url.path())
}

/// Whether a redirect may be followed: not into our own network, unless the mirror is there itself.
fn may_follow(from: &Url, to: &Url) -> bool {
    if from.host() == to.host() {
        return true;
    }
    let port = to.port_or_known_default().unwrap_or(80);
    let addresses: Vec<IpAddr> = match to.host() {
        Some(Host::Ipv4(address)) => vec![address.into()],
        Some(Host::Ipv6(address)) => vec![address.into()],
        // What has no address is an error when it is asked.
        Some(Host::Domain(name)) => (name, port)
            .to_socket_addrs()
            .map(|all| all.map(|address| address.ip()).collect())
            .unwrap_or_default(),
        None => return !matches!(to.scheme(), "http" | "https"),
    };
    addresses
        .iter()
        .all(|address| is_public(address.to_canonical()))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !(address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified())
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_do_not_lead_into_our_own_network() {
        let url = |text: &str| Url::parse(text).unwrap();
        let from = url("http://198.51.100.1/");
        for (to, follows) in [
            ("http://127.0.0.1/", false),
            ("http://169.254.169.254/latest", false),
            ("http://10.1.2.3/", false),
            ("http://[::1]/", false),
            ("http://[::ffff:127.0.0.1]/", false),
            ("http://198.51.100.1:8080/", true),
            ("https://203.0.113.1/", true),
            ("ftp://203.0.113.1/", true),
        ] {
            assert_eq!(may_follow(&from, &url(to)), follows, "{to}");
        }
        assert!(may_follow(
            &url("http://127.0.0.1:1/"),
            &url("http://127.0.0.1:2/")
        ));
    }
}
