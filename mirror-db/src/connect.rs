//! Opening a connection the way libpq does: server after server, with or without TLS.

use crate::{
    connection_info::{ConnectionInfo, Endpoint, SessionAttrs, SslMode, When},
    password_file,
    session::message,
    tls,
};
use std::{future::poll_fn, io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, SimpleQueryMessage, config};

/// An open connection, and the task that moves its bytes. Dropping it closes the connection.
pub(crate) struct Link {
    pub client: Client,
    pub driver: JoinHandle<Result<(), tokio_postgres::Error>>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Receives the payload of each notification.
pub(crate) type Notifier = Arc<dyn Fn(&str) + Send + Sync>;

impl Link {
    /// Hands the socket to a task of its own.
    fn new<S, T>(client: Client, mut connection: Connection<S, T>, notifier: &Notifier) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let notifier = notifier.clone();
        let driver = tokio::spawn(async move {
            panics::Point::Driver.pass();
            loop {
                match poll_fn(|cx| connection.poll_message(cx)).await {
                    Some(Ok(AsyncMessage::Notification(notification))) => {
                        notifier(notification.payload());
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(error),
                    None => return Ok(()),
                }
            }
        });
        Self { client, driver }
    }
}

/// Why no connection came about. Never holds a password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("{server}: {reason}")]
    Server { server: String, reason: String },
    #[error("no server given")]
    NoServer,
}

/// Connects to the first server of the list that will have us. Each attempt, from the look-up of
/// the name to the end of the login, takes at most `limit`.
pub(crate) async fn connect(
    info: &ConnectionInfo,
    limit: Duration,
    notifier: Notifier,
) -> Result<Link, ConnectError> {
    let mut endpoints: Vec<&Endpoint> = info.endpoints.iter().collect();
    if info.load_balance {
        // Which server comes first needs no good randomness, only different ones per process.
        let turn = std::process::id() as usize % endpoints.len().max(1);
        endpoints.rotate_left(turn);
    }
    let wanted: &[SessionAttrs] = match info.session_attrs {
        SessionAttrs::PreferStandby => &[SessionAttrs::Standby, SessionAttrs::Any],
        ref one => std::slice::from_ref(one),
    };
    let mut failure = ConnectError::NoServer;
    for attrs in wanted {
        for endpoint in &endpoints {
            let attempt = connect_to(info, endpoint, *attrs, &notifier);
            let reason = match tokio::time::timeout(limit, attempt).await {
                Ok(Ok(link)) => return Ok(link),
                Ok(Err(error)) => describe(&error),
                Err(_) => format!("no answer within {} s", limit.as_secs_f32()),
            };
            let server = format!("{}:{}", endpoint.host, endpoint.port);
            failure = ConnectError::Server { server, reason };
        }
    }
    Err(failure)
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// The error with its causes, in one line.
fn describe(error: &AnyError) -> String {
    if let Some(error) = error.downcast_ref::<tokio_postgres::Error>() {
        return message(error);
    }
    error.to_string().replace(char::is_control, " ")
}

async fn connect_to(
    info: &ConnectionInfo,
    endpoint: &Endpoint,
    attrs: SessionAttrs,
    notifier: &Notifier,
) -> Result<Link, AnyError> {
    let mode = if endpoint.is_socket() {
        SslMode::Disable
    } else {
        info.tls.mode()
    };
    let mut config = config(info, endpoint)?;
    let link = match mode {
        SslMode::Disable => plain(&mut config, notifier).await?,
        SslMode::Allow => match plain(&mut config, notifier).await {
            Ok(link) => link,
            // The server may insist on TLS. If that fails too, its first answer says more.
            Err(first) if may_retry(&first) => {
                encrypted(info, &mut config, config::SslMode::Require, notifier)
                    .await
                    .map_err(|_| first)?
            }
            Err(error) => return Err(error),
        },
        SslMode::Prefer => {
            match encrypted(info, &mut config, config::SslMode::Prefer, notifier).await {
                Ok(link) => link,
                Err(first) if may_retry(&first) => {
                    plain(&mut config, notifier).await.map_err(|_| first)?
                }
                Err(error) => return Err(error),
            }
        }
        _ => encrypted(info, &mut config, config::SslMode::Require, notifier).await?,
    };
    check_session(&link.client, attrs).await?;
    Ok(link)
}

/// Whether trying again with the other kind of transport can help: not where nobody listens.
fn may_retry(error: &AnyError) -> bool {
    let io = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    io.is_none_or(|error| error.kind() != io::ErrorKind::ConnectionRefused)
}

async fn plain(config: &mut Config, notifier: &Notifier) -> Result<Link, AnyError> {
    config.ssl_mode(config::SslMode::Disable);
    let (client, connection) = config.connect(NoTls).await?;
    Ok(Link::new(client, connection, notifier))
}

async fn encrypted(
    info: &ConnectionInfo,
    config: &mut Config,
    mode: config::SslMode,
    notifier: &Notifier,
) -> Result<Link, AnyError> {
    config.ssl_mode(mode);
    if info.tls.direct {
        config.ssl_negotiation(config::SslNegotiation::Direct);
    }
    let (client, connection) = config.connect(tls::connector(&info.tls)?).await?;
    Ok(Link::new(client, connection, notifier))
}

/// The settings for one server. The user defaults to the one that runs this process, asked for
/// here and not when the string is read: httpd changes its user in between.
fn config(info: &ConnectionInfo, endpoint: &Endpoint) -> Result<Config, AnyError> {
    let mut config = Config::new();
    let user = match &info.user {
        Some(user) => user.clone(),
        None => whoami::username()?,
    };
    let dbname = info.dbname.as_deref().unwrap_or(&user);
    config
        .user(&user)
        .dbname(dbname)
        .port(endpoint.port)
        .host(&endpoint.host);
    if let Some(address) = endpoint.address {
        config.hostaddr(address);
    }
    let password = match &info.password {
        Some(password) => Some(password.clone()),
        None => password_file::password(info, endpoint, dbname, &user),
    };
    if let Some(password) = password {
        config.password(password);
    }
    if let Some(options) = &info.options {
        config.options(options);
    }
    let name = info
        .application_name
        .as_deref()
        .or(info.fallback_application_name.as_deref());
    config.application_name(name.unwrap_or("mirrorbrain"));
    config.keepalives(info.keepalives);
    // The system's default of two hours would keep a dead connection for that long.
    config.keepalives_idle(info.keepalives_idle.unwrap_or(Duration::from_secs(30)));
    config.keepalives_interval(info.keepalives_interval.unwrap_or(Duration::from_secs(10)));
    config.keepalives_retries(info.keepalives_count.unwrap_or(3));
    config.tcp_user_timeout(info.tcp_user_timeout.unwrap_or(Duration::from_secs(10)));
    config.channel_binding(match info.channel_binding {
        When::Disable => config::ChannelBinding::Disable,
        When::Prefer => config::ChannelBinding::Prefer,
        When::Require => config::ChannelBinding::Require,
    });
    Ok(config)
}

/// Whether the server is of the kind that `target_session_attrs` asks for.
async fn check_session(client: &Client, attrs: SessionAttrs) -> Result<(), AnyError> {
    let (question, wanted, problem) = match attrs {
        SessionAttrs::Any | SessionAttrs::PreferStandby => return Ok(()),
        SessionAttrs::ReadWrite => ("SHOW transaction_read_only", "off", "session is read-only"),
        SessionAttrs::ReadOnly => (
            "SHOW transaction_read_only",
            "on",
            "session is not read-only",
        ),
        SessionAttrs::Primary => (
            "SELECT pg_is_in_recovery()",
            "f",
            "server is in hot standby mode",
        ),
        SessionAttrs::Standby => (
            "SELECT pg_is_in_recovery()",
            "t",
            "server is not in hot standby mode",
        ),
    };
    let answer = client.simple_query(question).await?;
    let fits = answer.iter().any(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0) == Some(wanted),
        _ => false,
    });
    if fits { Ok(()) } else { Err(problem.into()) }
}
