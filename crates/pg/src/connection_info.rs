//! Where the database is: libpq connection strings.
//!
//! Reference: PostgreSQL documentation, "Database Connection Control Functions". The sites' strings
//! were written for libpq, so its rules for quoting, defaults, lists of hosts and environment
//! variables hold here too.

mod key_value;
mod options;
mod require_auth;
mod service;
mod uri;

pub(crate) use require_auth::{Method, RequireAuth};

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Where a database is and how to log in: a parsed libpq connection string.
///
/// `Debug` and `Display` never show the password.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ConnectionInfo {
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) passfile: Option<PathBuf>,
    pub(crate) dbname: Option<String>,
    pub(crate) options: Option<String>,
    pub(crate) application_name: Option<String>,
    pub(crate) fallback_application_name: Option<String>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) keepalives: bool,
    pub(crate) keepalives_idle: Option<Duration>,
    pub(crate) keepalives_interval: Option<Duration>,
    pub(crate) keepalives_count: Option<u32>,
    pub(crate) tcp_user_timeout: Option<Duration>,
    pub(crate) session_attrs: SessionAttrs,
    pub(crate) load_balance: bool,
    pub(crate) channel_binding: When,
    pub(crate) require_auth: RequireAuth,
    pub(crate) tls: TlsOptions,
    /// Where libpq looks for files that are not named: the password file, certificates.
    pub(crate) home: Option<PathBuf>,
}

/// Where libpq finds a server if nothing says where it is.
const DEFAULT_SOCKETS: &str = "/var/run/postgresql";
const DEFAULT_HOST: &str = "localhost";

/// One server to try.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Host name, address, or directory of a Unix socket.
    pub host: String,
    /// Where to connect instead of looking `host` up.
    pub address: Option<IpAddr>,
    /// Its port; of a socket, the number in its name.
    pub port: u16,
    /// Whether `host` was given; without it no certificate can be checked against a name.
    pub named: bool,
}

impl Endpoint {
    pub(crate) fn is_socket(&self) -> bool {
        self.address.is_none() && self.host.starts_with('/')
    }

    /// `host:port`.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// How the connection is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TlsOptions {
    /// Unset is `prefer`, or `verify-full` with `sslrootcert=system`.
    pub mode: Option<SslMode>,
    pub root: RootCertificates,
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub revocation_list: Option<PathBuf>,
    pub send_certificate: bool,
    pub sni: bool,
    pub direct: bool,
    pub min_1_3: bool,
    pub max_1_2: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum RootCertificates {
    /// `~/.postgresql/root.crt` if it exists.
    Default,
    /// The trust store of the system.
    System,
    File(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SessionAttrs {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum When {
    Disable,
    Prefer,
    Require,
}

/// Why a connection string was refused: one sentence that names the parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConnectionInfoError(String);

impl ConnectionInfoError {
    fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    fn value(key: &str, value: &str) -> Self {
        Self(format!("invalid value \"{value}\" for \"{key}\""))
    }

    fn unknown(key: &str) -> Self {
        Self(format!("unknown connection parameter \"{key}\""))
    }
}

impl ConnectionInfo {
    /// The servers to try, in this order.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The same way in, to another database.
    #[must_use]
    pub fn with_database(self, name: &str) -> Self {
        Self {
            dbname: Some(name.to_owned()),
            ..self
        }
    }

    /// Whether all connections lead to one server, as far as this tells: the default is the same
    /// server's socket and port.
    pub fn names_one_server(&self) -> bool {
        match &*self.endpoints {
            [_] => true,
            [socket, port] => {
                (&*socket.host, &*port.host) == (DEFAULT_SOCKETS, DEFAULT_HOST)
                    && socket.port == port.port
            }
            _ => false,
        }
    }

    /// The servers, as `host:port`, in the order in which they are tried.
    pub fn server_names(&self) -> Vec<String> {
        self.endpoints.iter().map(Endpoint::name).collect()
    }

    /// Whether no server was named, so that the places are tried where one may be.
    pub(crate) fn has_default_servers(&self) -> bool {
        self.endpoints.iter().any(|e| e.host == DEFAULT_SOCKETS)
    }

    /// Reads a connection string in key=value or URI form. What it does not say comes from the service
    /// that it names, then from libpq's defaults. Touches no network, and no file but that of services.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, ConnectionInfoError> {
        Self::parse_with(text, |_| None)
    }

    /// As [`parse`](Self::parse), with a process's environment as a function: before libpq's defaults come
    /// its variables (`PGHOST`, `PGUSER`, ...), and below `HOME` lie `.pgpass` and `.postgresql`.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse_with(
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConnectionInfoError> {
        if text.contains('\0') {
            return Err(ConnectionInfoError::new(
                "the connection string holds a NUL character",
            ));
        }
        let uri = uri::strip_scheme(text);
        // What an error would name may be a piece of a password that ended too early.
        let read = Self::read(uri, text, environment);
        match uri.map(uri::check_separators) {
            Some(Err(problem)) if problem.always || read.is_err() => Err(problem.error),
            _ => read,
        }
    }

    fn read(
        uri: Option<&str>,
        text: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConnectionInfoError> {
        let mut pairs = match uri {
            Some(rest) => uri::parse(rest)?,
            None => key_value::parse(text)?,
        };
        let last = |pairs: &key_value::Pairs, key| {
            let given = pairs.iter().rev().find(|(given, _)| given == key);
            given.map(|(_, value)| value.clone())
        };
        let service = last(&pairs, "service").or_else(|| environment("PGSERVICE"));
        if let Some(service) = service.filter(|name| !name.is_empty()) {
            let file = last(&pairs, "servicefile").or_else(|| environment("PGSERVICEFILE"));
            let more = service::parameters(&service, file, &environment)?;
            let open = |(key, _): &(String, String)| !pairs.iter().any(|(given, _)| given == key);
            let more: Vec<_> = more.into_iter().filter(open).collect();
            pairs.extend(more);
        }
        for (key, variable) in options::ENVIRONMENT {
            if !pairs.iter().any(|(given, _)| given == key) {
                pairs.extend(environment(variable).map(|value| ((*key).to_owned(), value)));
            }
        }
        let mut info = Self {
            home: environment("HOME").map(PathBuf::from),
            ..Self::default()
        };
        let (mut hosts, mut addresses, mut ports) = ("", "", "");
        let mut previous = "";
        for (key, value) in &pairs {
            match key.as_str() {
                "host" => hosts = value,
                "hostaddr" => addresses = value,
                "port" => ports = value,
                _ => match options::apply(&mut info, key, value) {
                    // What looks like a key may be a piece of the password.
                    Err(error)
                        if previous == "password" && error == ConnectionInfoError::unknown(key) =>
                    {
                        return Err(ConnectionInfoError::new(
                            "an unknown parameter follows \"password\"; quote values with spaces",
                        ));
                    }
                    applied => applied?,
                },
            }
            previous = key;
        }
        info.endpoints = endpoints(hosts, addresses, ports)?;
        info.check()?;
        Ok(info)
    }

    /// The rules that join several parameters.
    fn check(&self) -> Result<(), ConnectionInfoError> {
        let mode = self.tls.mode();
        if self.tls.root == RootCertificates::System && mode != SslMode::VerifyFull {
            return Err(ConnectionInfoError::new(
                "sslrootcert=system needs sslmode=verify-full",
            ));
        }
        if self.tls.direct && mode < SslMode::Require {
            return Err(ConnectionInfoError::new(
                "sslnegotiation=direct needs sslmode=require or better",
            ));
        }
        if self.tls.min_1_3 && self.tls.max_1_2 {
            return Err(ConnectionInfoError::new(
                "\"ssl_min_protocol_version\" is above \"ssl_max_protocol_version\"",
            ));
        }
        if mode == SslMode::VerifyFull && self.endpoints.iter().any(|e| !e.named && !e.is_socket())
        {
            return Err(ConnectionInfoError::new(
                "sslmode=verify-full needs \"host\" beside \"hostaddr\"",
            ));
        }
        Ok(())
    }

    /// Whether the session options set `statement_timeout`, which then is not ours to set.
    pub(crate) fn has_statement_timeout(&self) -> bool {
        self.options
            .as_deref()
            .is_some_and(|options| options.contains("statement_timeout"))
    }
}

impl TlsOptions {
    pub(crate) fn mode(&self) -> SslMode {
        match (self.mode, &self.root) {
            (Some(mode), _) => mode,
            (None, RootCertificates::System) => SslMode::VerifyFull,
            (None, _) => SslMode::Prefer,
        }
    }
}

impl Default for ConnectionInfo {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            user: None,
            password: None,
            passfile: None,
            dbname: None,
            options: None,
            application_name: None,
            fallback_application_name: None,
            connect_timeout: None,
            keepalives: true,
            keepalives_idle: None,
            keepalives_interval: None,
            keepalives_count: None,
            tcp_user_timeout: None,
            session_attrs: SessionAttrs::Any,
            load_balance: false,
            channel_binding: When::Prefer,
            require_auth: RequireAuth::default(),
            tls: TlsOptions {
                mode: None,
                root: RootCertificates::Default,
                certificate: None,
                key: None,
                revocation_list: None,
                send_certificate: true,
                sni: true,
                direct: false,
                min_1_3: false,
                max_1_2: false,
            },
            home: None,
        }
    }
}

/// Joins the comma lists of `host`, `hostaddr` and `port`.
fn endpoints(
    hosts: &str,
    addresses: &str,
    ports: &str,
) -> Result<Vec<Endpoint>, ConnectionInfoError> {
    let hosts = list(hosts);
    let addresses = list(addresses);
    let ports = list(ports);
    let count = hosts.len().max(addresses.len()).max(1);
    for (key, items) in [("host", &hosts), ("hostaddr", &addresses)] {
        if !items.is_empty() && items.len() != count {
            return Err(ConnectionInfoError::new(format!(
                "\"host\" and \"hostaddr\" list different numbers of servers ({key}: {})",
                items.len()
            )));
        }
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(ConnectionInfoError::new(format!(
            "\"port\" lists {} ports for {count} servers",
            ports.len()
        )));
    }
    let mut endpoints = Vec::new();
    for i in 0..count {
        let port = match ports.get(i).or(ports.first()).copied().unwrap_or("") {
            "" => 5432,
            text => match text.trim().parse::<u16>() {
                Ok(port) if port > 0 => port,
                // It may be a piece of a password, in a URI that was put together wrongly.
                _ => {
                    return Err(ConnectionInfoError::new(
                        "\"port\" is no number from 1 to 65535",
                    ));
                }
            },
        };
        let address = match addresses.get(i).copied().unwrap_or("") {
            "" => None,
            text => match text.parse::<IpAddr>() {
                Ok(address) => Some(address),
                Err(_) => return Err(ConnectionInfoError::value("hostaddr", text)),
            },
        };
        let host = hosts.get(i).copied().unwrap_or("");
        if host.starts_with('@') {
            return Err(ConnectionInfoError::new(
                "\"host\" names an abstract socket, which is not supported",
            ));
        }
        match (host, address) {
            // libpq's default is the socket; localhost is for systems that have it elsewhere.
            ("", None) => endpoints.extend([DEFAULT_SOCKETS, DEFAULT_HOST].map(|host| Endpoint {
                host: host.to_owned(),
                address: None,
                port,
                named: true,
            })),
            ("", Some(ip)) => endpoints.push(Endpoint {
                host: ip.to_string(),
                address,
                port,
                named: false,
            }),
            _ => endpoints.push(Endpoint {
                host: host.to_owned(),
                address,
                port,
                named: true,
            }),
        }
    }
    Ok(endpoints)
}

/// An empty string is an empty list, not a list of one empty item.
fn list(text: &str) -> Vec<&str> {
    if text.is_empty() {
        Vec::new()
    } else {
        text.split(',').collect()
    }
}

/// `user@host:port/dbname`, for messages.
impl fmt::Display for ConnectionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        for (i, endpoint) in self.endpoints.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            write!(f, "{comma}{}:{}", endpoint.host, endpoint.port)?;
        }
        match &self.dbname {
            Some(dbname) => write!(f, "/{dbname}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for ConnectionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionInfo({self}, {:?})", self.tls)
    }
}

#[cfg(test)]
mod tests;
