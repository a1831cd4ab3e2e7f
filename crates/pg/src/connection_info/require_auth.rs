//! `require_auth`: how a server may ask who we are.

use super::ConnectionInfoError;
use std::fmt;

/// A way to log in, in libpq's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Method {
    Password,
    Md5,
    ScramSha256,
    Gss,
    Sspi,
    OAuth,
    /// The server asks for nothing: it trusts the address, or the certificate.
    Nothing,
}

const NAMES: &[(&str, Method)] = &[
    ("password", Method::Password),
    ("md5", Method::Md5),
    ("scram-sha-256", Method::ScramSha256),
    ("gss", Method::Gss),
    ("sspi", Method::Sspi),
    ("oauth", Method::OAuth),
    ("none", Method::Nothing),
];

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, method)| method == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

/// Which ways are allowed; all, if nothing was said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct RequireAuth {
    listed: Vec<Method>,
    /// Whether those are the ones that are not allowed.
    negative: bool,
}

impl RequireAuth {
    /// Names in a list with commas, all of them with `!` before it or none. An empty one allows all.
    pub(super) fn parse(key: &str, value: &str) -> Result<Self, ConnectionInfoError> {
        let mut all = Self::default();
        if value.is_empty() {
            return Ok(all);
        }
        for (i, item) in value.split(',').enumerate() {
            let (negative, name) = match item.strip_prefix('!') {
                Some(name) => (true, name),
                None => (false, item),
            };
            if i > 0 && negative != all.negative {
                return Err(ConnectionInfoError::new(format!(
                    "\"{key}\" mixes methods that are allowed and methods that are not"
                )));
            }
            all.negative = negative;
            match NAMES.iter().find(|(known, _)| *known == name) {
                Some((_, method)) => all.listed.push(*method),
                None => return Err(ConnectionInfoError::value(key, item)),
            }
        }
        let ours = [
            Method::Password,
            Method::Md5,
            Method::ScramSha256,
            Method::Nothing,
        ];
        if !ours.into_iter().any(|method| all.allows(method)) {
            return Err(ConnectionInfoError::new(format!(
                "\"{key}\" allows no method that is supported: password, md5, scram-sha-256, none"
            )));
        }
        Ok(all)
    }

    pub(crate) fn allows(&self, method: Method) -> bool {
        (self.listed.is_empty() && !self.negative) || self.listed.contains(&method) != self.negative
    }
}
