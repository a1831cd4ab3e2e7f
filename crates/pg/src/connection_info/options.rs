//! One connection parameter at a time: which there are, what they may be, which we cannot honour.

use super::{
    ConnectionInfo, ConnectionInfoError, RequireAuth, RootCertificates, SessionAttrs, SslMode, When,
};
use std::path::PathBuf;
use std::time::Duration;

/// The parameters that have an environment variable, as in libpq.
pub(super) const ENVIRONMENT: &[(&str, &str)] = &[
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("options", "PGOPTIONS"),
    ("application_name", "PGAPPNAME"),
    ("sslmode", "PGSSLMODE"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("sslcertmode", "PGSSLCERTMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcrl", "PGSSLCRL"),
    ("sslcrldir", "PGSSLCRLDIR"),
    ("sslsni", "PGSSLSNI"),
    ("requirepeer", "PGREQUIREPEER"),
    ("require_auth", "PGREQUIREAUTH"),
    ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    ("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    ("gssencmode", "PGGSSENCMODE"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("client_encoding", "PGCLIENTENCODING"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS"),
];

/// Stores one parameter other than the host lists. An empty value means the default.
pub(super) fn apply(
    info: &mut ConnectionInfo,
    key: &str,
    value: &str,
) -> Result<(), ConnectionInfoError> {
    let text = || (!value.is_empty()).then(|| value.to_owned());
    let path = || (!value.is_empty()).then(|| PathBuf::from(value));
    match key {
        "user" => info.user = text(),
        "password" => info.password = text(),
        "passfile" => info.passfile = path(),
        "dbname" => info.dbname = text(),
        "options" => info.options = text(),
        "application_name" => info.application_name = text(),
        "fallback_application_name" => info.fallback_application_name = text(),
        "connect_timeout" => info.connect_timeout = seconds(key, value)?,
        "keepalives" => info.keepalives = integer(key, value)? != Some(0),
        "keepalives_idle" => info.keepalives_idle = seconds(key, value)?,
        "keepalives_interval" => info.keepalives_interval = seconds(key, value)?,
        "keepalives_count" => {
            info.keepalives_count = integer(key, value)?.and_then(|n| u32::try_from(n).ok());
        }
        "tcp_user_timeout" => {
            info.tcp_user_timeout = positive(integer(key, value)?).map(Duration::from_millis);
        }
        "target_session_attrs" => info.session_attrs = session_attrs(key, value)?,
        "load_balance_hosts" => {
            info.load_balance = match value {
                "" | "disable" => false,
                "random" => true,
                _ => return Err(ConnectionInfoError::value(key, value)),
            }
        }
        "channel_binding" => info.channel_binding = when(key, value)?,
        "require_auth" => info.require_auth = RequireAuth::parse(key, value)?,
        // What they lead to was read before.
        "service" | "servicefile" => {}
        "client_encoding" => return client_encoding(key, value),
        "gssencmode" | "replication" | "sslcompression" => return without(key, value),
        _ => return apply_tls(info, key, value),
    }
    Ok(())
}

fn apply_tls(info: &mut ConnectionInfo, key: &str, value: &str) -> Result<(), ConnectionInfoError> {
    let path = || (!value.is_empty()).then(|| PathBuf::from(value));
    let tls = &mut info.tls;
    match key {
        "sslmode" => tls.mode = ssl_mode(key, value)?,
        "sslrootcert" => {
            tls.root = match value {
                "" => RootCertificates::Default,
                "system" => RootCertificates::System,
                file => RootCertificates::File(file.into()),
            }
        }
        "sslcert" => tls.certificate = path(),
        "sslkey" => tls.key = path(),
        "sslcrl" => tls.revocation_list = path(),
        "sslcertmode" => {
            tls.send_certificate = match when(key, value)? {
                When::Disable => false,
                When::Prefer => true,
                When::Require => return Err(ConnectionInfoError::value(key, value)),
            }
        }
        "sslsni" => tls.sni = integer(key, value)? != Some(0),
        "sslnegotiation" => {
            tls.direct = match value {
                "" | "postgres" => false,
                "direct" => true,
                _ => return Err(ConnectionInfoError::value(key, value)),
            }
        }
        "ssl_min_protocol_version" => {
            tls.min_1_3 = match value {
                "" | "TLSv1" | "TLSv1.1" | "TLSv1.2" => false,
                "TLSv1.3" => true,
                _ => return Err(ConnectionInfoError::value(key, value)),
            }
        }
        "ssl_max_protocol_version" => {
            tls.max_1_2 = match value {
                "" | "TLSv1.3" => false,
                "TLSv1.2" => true,
                _ => return Err(ConnectionInfoError::value(key, value)),
            }
        }
        // Empty, these ask for nothing.
        "sslcrldir" | "sslpassword" | "requirepeer" | "krbsrvname" | "gsslib" | "gssdelegation"
            if value.is_empty() => {}
        "sslcrldir" | "sslpassword" | "requirepeer" | "krbsrvname" | "gsslib" | "gssdelegation" => {
            return Err(ConnectionInfoError::new(format!(
                "\"{key}\" is not supported"
            )));
        }
        _ => return Err(ConnectionInfoError::unknown(key)),
    }
    Ok(())
}

fn ssl_mode(key: &str, value: &str) -> Result<Option<SslMode>, ConnectionInfoError> {
    Ok(Some(match value {
        "" => return Ok(None),
        "disable" => SslMode::Disable,
        "allow" => SslMode::Allow,
        "prefer" => SslMode::Prefer,
        "require" => SslMode::Require,
        "verify-ca" => SslMode::VerifyCa,
        "verify-full" => SslMode::VerifyFull,
        _ => return Err(ConnectionInfoError::value(key, value)),
    }))
}

fn session_attrs(key: &str, value: &str) -> Result<SessionAttrs, ConnectionInfoError> {
    Ok(match value {
        "" | "any" => SessionAttrs::Any,
        "read-write" => SessionAttrs::ReadWrite,
        "read-only" => SessionAttrs::ReadOnly,
        "primary" => SessionAttrs::Primary,
        "standby" => SessionAttrs::Standby,
        "prefer-standby" => SessionAttrs::PreferStandby,
        _ => return Err(ConnectionInfoError::value(key, value)),
    })
}

fn when(key: &str, value: &str) -> Result<When, ConnectionInfoError> {
    Ok(match value {
        "disable" => When::Disable,
        "" | "prefer" => When::Prefer,
        "allow" if key == "sslcertmode" => When::Prefer,
        "require" => When::Require,
        _ => return Err(ConnectionInfoError::value(key, value)),
    })
}

/// Everything here is UTF-8, as PostgreSQL's own protocol library for Rust has it.
fn client_encoding(key: &str, value: &str) -> Result<(), ConnectionInfoError> {
    let name: String = value
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    match name.as_str() {
        "" | "auto" | "utf8" | "unicode" => Ok(()),
        _ => Err(ConnectionInfoError::new(format!(
            "\"{key}\" may only be UTF8; PostgreSQL converts from the encoding of the database"
        ))),
    }
}

/// Features that we lack: switched off they are fine, switched on they cannot be honoured.
fn without(key: &str, value: &str) -> Result<(), ConnectionInfoError> {
    match value {
        "" | "disable" | "prefer" | "0" | "false" | "off" | "no" => Ok(()),
        // libpq ignores compression, which no current OpenSSL offers
        _ if key == "sslcompression" => integer(key, value).map(|_| ()),
        _ => Err(ConnectionInfoError::new(format!(
            "{key}={value} is not supported"
        ))),
    }
}

fn integer(key: &str, value: &str) -> Result<Option<i64>, ConnectionInfoError> {
    match value.trim() {
        "" => Ok(None),
        text => match text.parse::<i32>() {
            Ok(n) => Ok(Some(n.into())),
            Err(_) => Err(ConnectionInfoError::value(key, value)),
        },
    }
}

fn positive(n: Option<i64>) -> Option<u64> {
    n.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0)
}

/// Zero and negative numbers mean the default.
fn seconds(key: &str, value: &str) -> Result<Option<Duration>, ConnectionInfoError> {
    Ok(positive(integer(key, value)?).map(Duration::from_secs))
}
