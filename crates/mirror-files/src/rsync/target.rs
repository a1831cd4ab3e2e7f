//! Where a daemon is.

use std::fmt;

use crate::Error;

/// rsync's port (IANA).
const PORT: u16 = 873;

/// A place on a server.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub user: Option<String>,
    pub password: Option<String>,
    pub host: String,
    pub port: u16,
    /// The module, and the path in it.
    pub path: String,
}

impl Target {
    pub fn parse(url: &str) -> Result<Self, Error> {
        let problem = |why: &str| Error::Url(format!("{}: {why}", shown(url)));
        if url.contains(char::is_control) {
            return Err(problem("there are control characters in the URL"));
        }
        let (authority, path) = match url.split_once("://") {
            Some(("rsync", rest)) => rest.split_once('/'),
            Some(_) => return Err(problem("that is no URL of rsync")),
            None => url.split_once("::").or_else(|| url.split_once('/')),
        }
        .unwrap_or((url, ""));
        let path = path.trim_matches('/');
        if path.is_empty() {
            return Err(problem("the URL names no module"));
        }
        if path.split('/').any(|part| part == "..") {
            return Err(problem("the path leads upwards"));
        }
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, authority),
        };
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, "")))
        {
            Some((user, password)) => (Some(user), Some(password)),
            None => (None, None),
        };
        let (host, port) =
            place_of(place).ok_or_else(|| problem("the URL has no host, or no port"))?;
        let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Self {
            user: text(user),
            password: text(password),
            host: host.to_owned(),
            port,
            path: path.to_owned(),
        })
    }

    /// As the program takes it: without the password.
    pub fn url(&self, subtree: &str) -> String {
        let user = self.user.as_ref().map(|user| format!("{user}@"));
        let user = user.unwrap_or_default();
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        let mut url = format!("rsync://{user}{host}:{}/{}/", self.port, self.path);
        if !subtree.is_empty() {
            // The server takes it for a pattern.
            for letter in subtree.chars() {
                if matches!(letter, '*' | '?' | '[' | '\\') {
                    url.push('\\');
                }
                url.push(letter);
            }
            url.push('/');
        }
        url
    }
}

fn place_of(place: &str) -> Option<(&str, u16)> {
    let literal = place
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'));
    let (host, port) = match literal {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':')?)),
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = match port {
        None | Some("") => PORT,
        Some(port) => port.parse().ok()?,
    };
    let is_good =
        |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte) || byte >= 0x80;
    let is_host = !host.is_empty() && !host.starts_with('-') && host.bytes().all(is_good);
    is_host.then_some((host, port))
}

/// A URL without its password.
fn shown(url: &str) -> String {
    let (scheme, rest) = match url.find("://") {
        Some(end) => url.split_at_checked(end + 3).unwrap_or(("", url)),
        None => ("", url),
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let authority = match authority.rsplit_once('@') {
        Some((login, place)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{user}@{place}")
        }
        None => authority.to_owned(),
    };
    format!("{scheme}{authority}{path}")
        .escape_debug()
        .to_string()
}

/// Without the password.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_rsync_reads_them() {
        for (text, url, password) in [
            ("rsync://h/m", "rsync://h:873/m/", None),
            ("h/m/p/", "rsync://h:873/m/p/", None),
            ("h::m/p", "rsync://h:873/m/p/", None),
            ("u@h::m", "rsync://u@h:873/m/", None),
            ("rsync://u:p:q@h:8730/m", "rsync://u@h:8730/m/", Some("p:q")),
            (
                "rsync://u:a@b@[2001:db8::1]:1/m",
                "rsync://u@[2001:db8::1]:1/m/",
                Some("a@b"),
            ),
            (
                "rsync://[fe80::1%eth0]/m",
                "rsync://[fe80::1%eth0]:873/m/",
                None,
            ),
            ("rsync://h/m%20x", "rsync://h:873/m%20x/", None),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!(target.url(""), url, "{text}");
            assert_eq!(target.password.as_deref(), password, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_without_its_password() {
        for text in [
            "",
            "rsync://",
            "rsync://h",
            "rsync://h/",
            "h::",
            "http://u:secret@h/m",
            "rsync://u:secret@-e/m",
            "rsync://h:x/m",
            "rsync://u:secret@h:99999/m",
            "rsync://h h/m",
            "rsync://h/m/../x",
            "rsync://h/m\n",
            "rsync://[::1/m",
            "rsync://[::1]x/m",
            "rsync://u:secret@/m",
        ] {
            let error = Target::parse(text).unwrap_err().to_string();
            assert!(
                !error.contains("secret") && !error.contains('\n'),
                "{error}"
            );
        }
    }

    #[test]
    fn a_subtree_is_no_pattern() {
        let target = Target::parse("rsync://h/m/p").unwrap();
        assert_eq!(target.url("a[b]*/c"), "rsync://h:873/m/p/a\\[b]\\*/c/");
    }
}
