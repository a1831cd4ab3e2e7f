//! Questions over HTTP and HTTPS. No proxy stands between us and a mirror: what it says would be its cache's.

use std::io::{ErrorKind, Read};
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ureq::config::{ConfigBuilder, IpFamily};
use ureq::http::header::{ACCEPT, CONTENT_LENGTH, LAST_MODIFIED, LOCATION, RANGE, RETRY_AFTER};
use ureq::http::{HeaderName, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::typestate::AgentScope;
use ureq::{Agent, Body};
use url::{Host, Url};

use crate::crawl::Problem;
use crate::intake::Stop;
use crate::{Error, Options, Size, Time};

/// How often a server may send us elsewhere.
const REDIRECTS: usize = 5;

/// The largest page, in bytes: a quarter of a million names in one directory.
const LARGEST: usize = 64 << 20;

/// The longest that a server is waited for because it wants that.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What we like best: Caddy gives JSON then. Others do not look at it.
const KINDS: &str = "application/json, text/html;q=0.9, application/xml;q=0.8, */*;q=0.1";

/// What all our clients of HTTP have in common: whom they trust (the system's certificates), no proxy, and that a
/// status is no error. Timeouts and redirects are for the caller to say.
pub fn agent(user_agent: &str) -> ConfigBuilder<AgentScope> {
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
    Agent::config_builder()
        .tls_config(tls)
        .proxy(None)
        .http_status_as_error(false)
        .user_agent(user_agent)
}

/// A client that follows redirects by rule. Making one reads the certificates of the system; it keeps connections.
pub struct Client {
    agent: Agent,
    idle: Duration,
}

/// Over which addresses a server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Whichever works.
    Any,
    /// Those of IPv4 alone.
    Ipv4,
    /// Those of IPv6 alone.
    Ipv6,
}

/// What is asked.
pub(super) struct Question<'a> {
    pub url: &'a Url,
    pub is_head: bool,
    pub range: Option<&'a str>,
}

impl<'a> Question<'a> {
    pub fn get(url: &'a Url) -> Self {
        Self {
            url,
            is_head: false,
            range: None,
        }
    }
}

/// An answer, and the URL that it was sent from.
pub(super) struct Answer {
    pub url: Url,
    pub response: Response<Body>,
    /// Whether it is the redirect to this place, which has another protocol.
    pub elsewhere: Option<Url>,
}

impl Answer {
    /// Fails unless it is what was asked for.
    pub fn check_status(&self) -> Result<(), Problem> {
        if let Some(url) = &self.elsewhere {
            let text = format!("it leads to {}", shown(url));
            return Err(Problem::Here(Error::Server(text)));
        }
        let status = self.response.status().as_u16();
        let text = format!("status {status}");
        match status {
            200 => Ok(()),
            404 | 410 => Err(Problem::Gone(Error::Gone(text))),
            401 | 403 => Err(Problem::Here(Error::Denied(text))),
            429 | 503 => Err(Problem::Here(Error::Later {
                reason: text,
                after: wanted_wait(&self.response),
            })),
            _ => Err(Problem::Here(Error::Server(text))),
        }
    }
}

impl Client {
    /// One that waits and names itself as the options say.
    pub fn new(options: &Options) -> Self {
        Self::over(Family::Any, options)
    }

    /// One that knows only some addresses.
    pub fn over(family: Family, options: &Options) -> Self {
        let family = match family {
            Family::Any => IpFamily::Any,
            Family::Ipv4 => IpFamily::Ipv4Only,
            Family::Ipv6 => IpFamily::Ipv6Only,
        };
        let idle = Some(options.idle);
        let config = agent(&options.user_agent)
            .max_redirects(0)
            .ip_family(family)
            .timeout_resolve(idle)
            .timeout_connect(idle)
            .timeout_recv_response(idle)
            .timeout_per_read(idle)
            .build();
        Self {
            agent: config.new_agent(),
            idle: options.idle,
        }
    }

    /// The status of a directory, whatever it is.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn status(&self, url: &str) -> Result<u16, Error> {
        let answer = self.ask(&Question::get(&super::base(url)?), self.idle * 10)?;
        Ok(answer.response.status().as_u16())
    }

    pub(super) fn idle(&self) -> Duration {
        self.idle
    }

    /// Asks, and follows redirects, for so long at the most.
    pub(super) fn ask(&self, question: &Question<'_>, left: Duration) -> Result<Answer, Error> {
        let mut url = question.url.clone();
        for _ in 0..=REDIRECTS {
            let request = match question.is_head {
                true => self.agent.head(url.as_str()),
                false => self.agent.get(url.as_str()),
            };
            let mut request = request.header(ACCEPT, KINDS);
            if let Some(range) = question.range {
                request = request.header(RANGE, range);
            }
            let request = request.config().timeout_global(Some(left)).build();
            let response = request.call().map_err(|error| self.failed(error, left))?;
            let mut answer = Answer {
                url,
                response,
                elsewhere: None,
            };
            if !matches!(
                answer.response.status().as_u16(),
                301 | 302 | 303 | 307 | 308
            ) {
                return Ok(answer);
            }
            let to = header(&answer.response, LOCATION);
            let Some(next) = to.and_then(|to| answer.url.join(to).ok()) else {
                return Err(Error::Server("a redirect that leads nowhere".to_owned()));
            };
            if !matches!(next.scheme(), "http" | "https") {
                answer.elsewhere = Some(next);
                return Ok(answer);
            }
            if !may_follow(&answer.url, &next) {
                let text = format!("it leads to {}, which is not asked", shown(&next));
                return Err(Error::Server(text));
            }
            url = next;
        }
        let text = "it leads elsewhere again and again";
        Err(Error::Server(text.to_owned()))
    }

    /// Size and time of a file; `None` if it is not there.
    pub(super) fn head(&self, url: &Url, left: Duration) -> Result<Option<(Size, Time)>, Error> {
        let question = Question {
            is_head: true,
            ..Question::get(url)
        };
        let answer = self.ask(&question, left)?;
        match answer.check_status() {
            Ok(()) => {}
            Err(Problem::Gone(_)) => return Ok(None),
            Err(Problem::Here(error) | Problem::Everywhere(error)) => return Err(error),
            Err(Problem::Stop(_)) => return Err(Error::Ended),
        }
        let size = header(&answer.response, CONTENT_LENGTH).and_then(|text| text.parse().ok());
        let mtime = header(&answer.response, LAST_MODIFIED).and_then(second);
        let size = size.map_or(Size::Unknown, Size::Exact);
        Ok(Some((size, mtime.map_or(Time::Unknown, Time::Exact))))
    }

    /// The body of an answer, if it is not too large.
    pub(super) fn body(
        &self,
        answer: Answer,
        mut count: impl FnMut(usize) -> Result<(), Stop>,
    ) -> Result<Vec<u8>, Problem> {
        let mut body = answer.response.into_body().into_reader();
        let mut bytes = Vec::new();
        let mut piece = vec![0; 1 << 15];
        loop {
            let length = match body.read(&mut piece) {
                Ok(0) => return Ok(bytes),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err(Problem::Here(Error::Ended));
                }
                Err(error) => {
                    // If the time is over, this says so.
                    count(0)?;
                    return Err(Problem::Here(self.failed(error.into(), Duration::ZERO)));
                }
            };
            count(length)?;
            bytes.extend_from_slice(piece.get(..length).unwrap_or_default());
            if bytes.len() > LARGEST {
                let most = format!("{LARGEST} bytes in a page");
                return Err(Problem::Here(Error::TooMuch(most)));
            }
        }
    }

    fn failed(&self, error: ureq::Error, left: Duration) -> Error {
        match error {
            ureq::Error::Timeout(ureq::Timeout::Global) => Error::Endless(left),
            ureq::Error::Timeout(_) => Error::Silent(self.idle),
            ureq::Error::Io(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => {
                Error::Later {
                    reason: error.to_string(),
                    after: None,
                }
            }
            error => Error::Server(error.to_string()),
        }
    }
}

/// How long to wait before the question is put again; `None` if that is no use.
pub(super) fn retry_after(answer: &Answer) -> Option<Duration> {
    if !matches!(answer.response.status().as_u16(), 429 | 503) {
        return None;
    }
    wanted_wait(&answer.response).filter(|wait| *wait <= LONGEST_WAIT)
}

/// `Retry-After`: seconds, or a date.
fn wanted_wait(response: &Response<Body>) -> Option<Duration> {
    let text = header(response, RETRY_AFTER)?;
    let seconds = text.trim().parse().ok().or_else(|| {
        let wait = second(text)?.saturating_sub(Timestamp::now().as_second());
        Some(u64::try_from(wait).unwrap_or(0))
    });
    seconds.map(Duration::from_secs)
}

/// A date as HTTP has it.
pub(super) fn second(text: &str) -> Option<i64> {
    let time = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(time.timestamp().as_second())
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
        None => return false,
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
        ] {
            assert_eq!(may_follow(&from, &url(to)), follows, "{to}");
        }
        assert!(may_follow(
            &url("http://127.0.0.1:1/"),
            &url("http://127.0.0.1:2/")
        ));
    }
}
