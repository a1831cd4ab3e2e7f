//! Hosts: out of URLs, and their addresses.

use crate::error::Failure;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use url::Url;

/// A host and its addresses, of which it has at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// As it was given.
    pub name: String,
    /// In the order of the resolver, each once.
    pub addresses: Vec<IpAddr>,
}

/// Why a host has no address: in the resolver's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unresolved(String);

impl Host {
    /// Looks a name or an address up.
    ///
    /// # Errors
    /// If there is no such host, or the address is none.
    pub fn look_up(name: &str) -> Result<Self, Unresolved> {
        let addresses = match literal(name)? {
            Some(address) => vec![address],
            None => resolve(name)?,
        };
        let name = name.to_owned();
        Ok(Self { name, addresses })
    }

    /// The address that its place and network are looked up by: the first one of IPv4, which most
    /// clients and tables speak, else the first one.
    pub fn address(&self) -> IpAddr {
        let v4 = self.addresses.iter().find(|address| address.is_ipv4());
        let first = v4.or(self.addresses.first());
        first.copied().unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED))
    }

    /// Its first IPv6 address.
    pub fn ipv6(&self) -> Option<IpAddr> {
        self.addresses.iter().find(|a| a.is_ipv6()).copied()
    }

    /// Whether it has no IPv4 address.
    pub fn is_ipv6_only(&self) -> bool {
        self.addresses.iter().all(IpAddr::is_ipv6)
    }

    /// What to tell if it has several addresses of the family that counts.
    pub fn warning(&self) -> Option<String> {
        let counts = self.address();
        let same = |address: &&IpAddr| address.is_ipv4() == counts.is_ipv4();
        let family: Vec<String> = self
            .addresses
            .iter()
            .filter(same)
            .map(IpAddr::to_string)
            .collect();
        (family.len() > 1).then(|| {
            let name = &self.name;
            let all = family.join(", ");
            format!(
                "{name} has {} addresses ({all}); {counts} counts",
                family.len()
            )
        })
    }
}

/// An address written as such, IPv6 with or without brackets. What looks like an IPv4 address and is
/// none is an error: the resolver would read `192.0.2` as `192.0.0.2`.
fn literal(name: &str) -> Result<Option<IpAddr>, Unresolved> {
    let bare = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
    if let Ok(address) = bare.unwrap_or(name).parse::<Ipv6Addr>() {
        return Ok(Some(IpAddr::V6(address)));
    }
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return Ok(Some(IpAddr::V4(address)));
    }
    let last = name
        .trim_end_matches('.')
        .rsplit('.')
        .next()
        .unwrap_or(name);
    let is_number = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    if is_number || name.contains(':') {
        return Err(Unresolved("no IP address".to_owned()));
    }
    Ok(None)
}

fn resolve(name: &str) -> Result<Vec<IpAddr>, Unresolved> {
    let found = (name, 0).to_socket_addrs().map_err(|e| reason(&e))?;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found.map(|socket| socket.ip()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        return Err(Unresolved("No address associated with hostname".to_owned()));
    }
    Ok(addresses)
}

/// The resolver's words without the standard library's.
fn reason(error: &io::Error) -> Unresolved {
    let text = error.to_string();
    let words = text.rsplit_once(": ").map_or(&*text, |(_, words)| words);
    Unresolved(words.to_owned())
}

/// The host of a base URL, without brackets.
///
/// # Errors
/// If it is no URL of HTTP or FTP, or has no host.
pub fn host_of(url: &str) -> Result<String, Failure> {
    let hint = "a base URL looks like https://mirror.example.org/pub/";
    let wrong = |why: &str| Failure::new(format!("\"{url}\" {why}")).hint(hint);
    let parsed = Url::parse(url).map_err(|e| wrong(&format!("is no URL: {e}")))?;
    if !["http", "https", "ftp"].contains(&parsed.scheme()) {
        return Err(wrong("is no URL of HTTP or FTP"));
    }
    // A browser takes http:///x for http://x, and so does the parser.
    let rest = url.split_once("://").map(|(_, rest)| rest);
    if rest.is_none_or(|rest| rest.starts_with(['/', '\\'])) {
        return Err(wrong("has no host"));
    }
    match parsed.host() {
        Some(url::Host::Domain(name)) => Ok(name.to_owned()),
        Some(url::Host::Ipv4(address)) => Ok(address.to_string()),
        Some(url::Host::Ipv6(address)) => Ok(address.to_string()),
        None => Err(wrong("has no host")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_urls_with_logins_ports_and_ipv6() {
        for (url, host) in [
            ("http://a.example/x", "a.example"),
            ("http://user:p@a.example:8080/x", "a.example"),
            ("https://[2001:db8::5]:8080/", "2001:db8::5"),
            ("ftp://192.0.2.1/", "192.0.2.1"),
        ] {
            assert_eq!(host_of(url), Ok(host.to_owned()), "{url}");
        }
        for url in [
            "",
            "a.example/x",
            "http://",
            "http:///x",
            "rsync://a/x",
            "mailto:x@y",
        ] {
            assert!(host_of(url).is_err(), "{url}");
        }
    }

    #[test]
    fn what_looks_like_an_address_is_one_or_wrong() {
        for text in ["192.0.2", "192.0.2.999", "1", "2001:db8::x", "a:b"] {
            assert!(Host::look_up(text).is_err(), "{text}");
        }
        for text in ["192.0.2.1", "2001:db8::1", "[2001:db8::1]"] {
            assert!(Host::look_up(text).is_ok(), "{text}");
        }
        assert_eq!(literal("0pointer.example"), Ok(None));
    }

    #[test]
    fn of_several_addresses_ipv4_counts() {
        let host = Host {
            name: "a".to_owned(),
            addresses: ["2001:db8::1", "192.0.2.1", "192.0.2.2"]
                .map(|a| a.parse().unwrap())
                .to_vec(),
        };
        assert_eq!(host.address().to_string(), "192.0.2.1");
        assert!(!host.is_ipv6_only());
        assert_eq!(
            host.warning().as_deref(),
            Some("a has 2 addresses (192.0.2.1, 192.0.2.2); 192.0.2.1 counts")
        );
    }
}
