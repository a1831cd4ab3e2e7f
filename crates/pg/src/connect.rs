//! Opening a connection the way libpq does: server after server, with or without TLS.

mod address;
mod guard;
mod wire;

use crate::connection_info::{ConnectionInfo, Endpoint, SessionAttrs, SslMode, When};
use crate::password_file;
use crate::session::message;
use address::Place;
use guard::Guard;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, SimpleQueryMessage, config};
use wire::{Encryption, Established, Wire};

pub(crate) use wire::Duplex;

/// An open connection, and the task that moves its bytes. Dropping it closes the connection.
pub(crate) struct Link {
    pub client: Client,
    /// Ends with the connection, and says why if that is known.
    pub driver: JoinHandle<Result<(), String>>,
    /// Whether the login took the options that were asked for.
    pub has_options: bool,
    /// What an administrator should know about it.
    pub remarks: Remarks,
}

/// What is unusual about a connection.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    /// Why it is not encrypted although it might be.
    pub plaintext: Option<String>,
    /// Which server it leads to.
    pub server: String,
    /// The same, and why not to one that comes before.
    pub failover: Option<String>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Receives the payload of each notification.
pub(crate) type Notifier = Arc<dyn Fn(&str) + Send + Sync>;

/// What a connection is for.
#[derive(Clone)]
pub(crate) struct Purpose {
    /// The longest that each attempt takes, from the name to the end of the login.
    pub limit: Duration,
    pub notifier: Notifier,
    /// Whether it ends when the server's name leads elsewhere.
    pub follow_name: bool,
    /// Settings to log in with, as in `PGOPTIONS`, if whoever answers takes any: poolers do not.
    pub options: Option<String>,
}

impl Link {
    /// Hands the socket to a task of its own.
    fn new(
        client: Client,
        mut connection: Connection<Wire, Wire>,
        notifier: Notifier,
        moved: impl Future<Output = String> + Send + 'static,
    ) -> Self {
        let driver = tokio::spawn(async move {
            background::Point::Driver.pass();
            let work = async {
                loop {
                    match poll_fn(|cx| connection.poll_message(cx)).await {
                        Some(Ok(AsyncMessage::Notification(notification))) => {
                            notifier(notification.payload());
                        }
                        Some(Ok(_)) => {}
                        Some(Err(error)) => return Err(message(&error)),
                        None => return Ok(()),
                    }
                }
            };
            tokio::select! {
                ended = work => ended,
                reason = moved => Err(reason),
            }
        });
        Self {
            client,
            driver,
            has_options: false,
            remarks: Remarks::default(),
        }
    }
}

/// Why no connection came about. Never holds a password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// What is wrong with each server that was tried.
    #[error("{}", .0.join("; "))]
    Servers(Vec<String>),
    #[error("no server given")]
    NoServer,
}

/// Connects to the first server of the list that will have us.
pub(crate) async fn connect(
    info: &ConnectionInfo,
    purpose: &Purpose,
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
    let mut failures = Vec::new();
    for attrs in wanted {
        for endpoint in &endpoints {
            let attempt = Attempt {
                info,
                endpoint,
                attrs: *attrs,
                purpose,
                step: Step::default(),
            };
            match attempt.run().await {
                Ok(mut link) => {
                    link.remarks.server = endpoint.name();
                    if !failures.is_empty() && !info.has_default_servers() {
                        let server = endpoint.name();
                        let text = format!("connected to {server}: {}", failures.join("; "));
                        link.remarks.failover = Some(text);
                    }
                    return Ok(link);
                }
                Err(reasons) => {
                    failures.extend(reasons);
                    failures.dedup();
                }
            }
        }
    }
    match failures.is_empty() {
        true => Err(ConnectError::NoServer),
        false => Err(ConnectError::Servers(failures)),
    }
}

pub(crate) type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// The error with its causes, in one line.
fn describe(error: &AnyError) -> String {
    if let Some(error) = error.downcast_ref::<tokio_postgres::Error>() {
        return message(error);
    }
    error.to_string().replace(char::is_control, " ")
}

/// What is being done, for the message of one who waited in vain.
#[derive(Default)]
struct Step(Mutex<&'static str>);

impl Step {
    fn begin(&self, what: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    fn name(&self) -> &'static str {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connecting to one server of the list.
struct Attempt<'a> {
    info: &'a ConnectionInfo,
    endpoint: &'a Endpoint,
    attrs: SessionAttrs,
    purpose: &'a Purpose,
    step: Step,
}

impl Attempt<'_> {
    /// Tries each address of the server.
    async fn run(&self) -> Result<Link, Vec<String>> {
        let server = self.endpoint.name();
        let places = self.within(async { Ok(address::places(self.endpoint, &self.step).await?) });
        let places = match places.await {
            Ok(places) => places,
            Err(reason) => return Err(vec![format!("{server}: {reason}")]),
        };
        let mut failures = Vec::new();
        for place in places {
            match self.within(self.connect(place)).await {
                Ok(link) => return Ok(link),
                Err(reason) => {
                    let address = match place {
                        Place::Tcp(address) if address.ip().to_string() != self.endpoint.host => {
                            format!(" ({})", address.ip())
                        }
                        _ => String::new(),
                    };
                    failures.push(format!("{server}{address}: {reason}"));
                }
            }
        }
        Err(failures)
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, AnyError>>,
    ) -> Result<T, String> {
        match timeout(self.purpose.limit, work).await {
            Ok(result) => result.map_err(|error| describe(&error)),
            Err(_) => {
                let seconds = self.purpose.limit.as_secs_f32();
                Err(format!(
                    "no answer within {seconds} s while {}",
                    self.step.name()
                ))
            }
        }
    }

    async fn connect(&self, place: Place) -> Result<Link, AnyError> {
        let mode = match place {
            Place::Socket => SslMode::Disable,
            Place::Tcp(_) => self.info.tls.mode(),
        };
        let link = match mode {
            // The server may insist on TLS. If that fails too, its first answer says more.
            SslMode::Allow => match self.open(place, SslMode::Disable).await {
                Err(first) if may_retry(&first) => self
                    .open(place, SslMode::Require)
                    .await
                    .map_err(|_| first)?,
                result => result?,
            },
            SslMode::Prefer => match self.open(place, SslMode::Prefer).await {
                Err(first) if may_retry(&first) => {
                    let reason = describe(&first);
                    let plain = self.open(place, SslMode::Disable).await;
                    let mut link = plain.map_err(|_| first)?;
                    link.remarks.plaintext = Some(self.in_the_clear(&reason));
                    link
                }
                result => result?,
            },
            mode => self.open(place, mode).await?,
        };
        self.step.begin("asking what kind of server it is");
        check_session(&link.client, self.attrs).await?;
        Ok(link)
    }

    /// Opens a connection, without the options where they are not taken.
    async fn open(&self, place: Place, mode: SslMode) -> Result<Link, AnyError> {
        let Some(options) = self.purpose.options.as_deref() else {
            return self.open_with(place, mode, None).await;
        };
        match self.open_with(place, mode, Some(options)).await {
            Err(error) if is_about_options(&error) => self.open_with(place, mode, None).await,
            Ok(mut link) => {
                link.has_options = true;
                Ok(link)
            }
            result => result,
        }
    }

    /// One socket and one login.
    async fn open_with(
        &self,
        place: Place,
        mode: SslMode,
        options: Option<&str>,
    ) -> Result<Link, AnyError> {
        let Self { info, endpoint, .. } = self;
        self.step.begin("connecting");
        let stream = match place {
            Place::Socket => wire::unix(&endpoint.host, endpoint.port).await,
            Place::Tcp(address) => wire::tcp(info, address).await,
        };
        let stream = stream.map_err(NoSocket)?;
        let (config, guard) = login(info, endpoint, options)?;
        self.step.begin("agreeing on TLS");
        let (wire, encryption) = wire::secure(info, &endpoint.host, mode, stream, guard).await?;
        self.step.begin("logging in");
        let (client, connection) = config.connect_raw(wire, Established).await?;
        let (notifier, follow) = (self.purpose.notifier.clone(), self.purpose.follow_name);
        let endpoint = (*endpoint).clone();
        let moved = async move {
            match follow {
                true => address::moved(endpoint, place).await,
                false => std::future::pending().await,
            }
        };
        let mut link = Link::new(client, connection, notifier, moved);
        if matches!(encryption, Encryption::NotOffered) && place.is_remote() {
            link.remarks.plaintext = Some(self.in_the_clear("it offers no TLS"));
        }
        Ok(link)
    }

    fn in_the_clear(&self, reason: &str) -> String {
        let server = self.endpoint.name();
        format!(
            "the connection to {server} is not encrypted: {reason}; sslmode=require would refuse it, \
             sslmode=disable says that it is meant"
        )
    }
}

/// Nobody listens there.
#[derive(Debug, thiserror::Error)]
#[error("cannot connect: {0}")]
struct NoSocket(io::Error);

/// Whether trying again with the other kind of transport can help: not where nobody listens, where the
/// database is missing (class 3D), or where the server is not able to serve at present (53, 57). Were it
/// able a moment later, the connection would not be encrypted for no reason.
fn may_retry(error: &AnyError) -> bool {
    !error.is::<NoSocket>()
        && !class(error).is_some_and(|class| ["3D", "53", "57"].contains(&class))
}

/// Whether a login may have failed over its options: not where the server has begun to judge who we are,
/// or is not able to serve at present.
fn is_about_options(error: &AnyError) -> bool {
    class(error).is_some_and(|class| !["28", "3D", "53", "57"].contains(&class))
}

/// The class of the server's SQLSTATE.
fn class(error: &AnyError) -> Option<&str> {
    let error = error.downcast_ref::<tokio_postgres::Error>()?;
    error.code()?.code().get(..2)
}

/// The settings for one server. The user defaults to the one that runs this process, asked for
/// here and not when the string is read: httpd changes its user in between.
fn login(
    info: &ConnectionInfo,
    endpoint: &Endpoint,
    more_options: Option<&str>,
) -> Result<(Config, Guard), AnyError> {
    let mut config = Config::new();
    let user = match &info.user {
        Some(user) => user.clone(),
        None => whoami::username()?,
    };
    let dbname = info.dbname.as_deref().unwrap_or(&user);
    config.user(&user).dbname(dbname);
    let password = match &info.password {
        Some(password) => Ok(password.clone()),
        None => password_file::password(info, endpoint, dbname, &user),
    };
    let no_password = match password {
        Ok(password) => {
            config.password(password);
            None
        }
        Err(reason) => Some(reason),
    };
    let options: Vec<&str> = info
        .options
        .as_deref()
        .into_iter()
        .chain(more_options)
        .collect();
    if !options.is_empty() {
        config.options(options.join(" "));
    }
    let name = info
        .application_name
        .as_deref()
        .or(info.fallback_application_name.as_deref());
    config.application_name(name.unwrap_or("mirrorbrain"));
    config.channel_binding(match info.channel_binding {
        When::Disable => config::ChannelBinding::Disable,
        When::Prefer => config::ChannelBinding::Prefer,
        When::Require => config::ChannelBinding::Require,
    });
    // The stream is what it is to be already.
    config.ssl_mode(config::SslMode::Require);
    config.ssl_negotiation(config::SslNegotiation::Direct);
    let guard = Guard::new(info.require_auth.clone(), no_password);
    Ok((config, guard))
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
