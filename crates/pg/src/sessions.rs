//! Whether a session of the server is ours alone, or shared by a pooler.
//!
//! PgBouncer with `pool_mode=transaction`, and its like, give each transaction another session: what one
//! leaves there (a prepared statement, a setting, `LISTEN`) is gone for us and in the way of others. So nothing
//! is left anywhere before it is known whose session it is.
//!
//! A session that knows a setting of our login is ours: poolers refuse to log in with one, or leave it
//! away. Behind a pooler two connections tell: where each transaction gets a session, they meet in the same one, or
//! do not keep theirs.

use crate::ConnectionInfo;
use crate::connect::{self, Link, Purpose};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

/// For how long a pooler is believed to be what it was: it can be configured anew while it runs.
const BELIEVED: Duration = Duration::from_secs(60);

/// How long the second connection may take. A pooler that gives each connection a session has none left
/// if its pool is small; then it is as well to leave nothing behind.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often both connections are asked where they are.
const LOOKS: usize = 4;

/// The setting that we log in with.
const SETTING: &str = "mirrorbrain.session";

/// Who has the session of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The connection, as long as it lasts.
    Connection,
    /// Whoever has a transaction, as long as that lasts.
    Transaction,
}

/// What is known of the sessions behind a pooler.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<Option<(Owner, Instant)>>);

impl Sessions {
    fn known(&self) -> Option<Owner> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .filter(|(_, since)| since.elapsed() < BELIEVED)
            .map(|(owner, _)| owner)
    }

    fn note(&self, owner: Owner) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((owner, Instant::now()));
    }

    /// A connection lost what it had left in its session.
    pub fn found_shared(&self) {
        self.note(Owner::Transaction);
    }

    /// A mark for a login, unless there is a pooler that would only refuse it.
    pub fn mark(&self) -> Option<Mark> {
        self.known().is_none().then(Mark::new)
    }

    /// Who has the session of a new connection.
    pub async fn owner(&self, link: &Link, mark: Option<&Mark>, info: &ConnectionInfo) -> Owner {
        if let Some(mark) = mark
            && mark.is_on(link).await
        {
            return Owner::Connection;
        }
        if let Some(owner) = self.known() {
            return owner;
        }
        let owner = compare(link, info).await;
        // A server that went away meanwhile has told nothing of poolers.
        if link.client.is_closed() {
            return Owner::Connection;
        }
        self.note(owner);
        owner
    }
}

/// What tells the session of one login from all others.
pub(crate) struct Mark(String);

impl Mark {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(format!("{}-{number}", std::process::id()))
    }

    /// Whether the session is that of this login.
    pub async fn is_on(&self, link: &Link) -> bool {
        let question = format!("SELECT current_setting('{SETTING}', true)");
        link.has_options && answer(&link.client, &question).await.as_ref() == Some(&self.0)
    }

    /// For `options` of the login.
    pub fn options(&self) -> String {
        format!("-c {SETTING}={}", self.0)
    }
}

async fn compare(link: &Link, info: &ConnectionInfo) -> Owner {
    let purpose = Purpose {
        limit: PATIENCE,
        notifier: Arc::new(|_| ()),
        follow_name: false,
        options: None,
    };
    let looks = async {
        let second = connect::connect(info, &purpose).await.ok()?;
        let mut first_seen = None;
        for _ in 0..LOOKS {
            let here = answer(&link.client, "SELECT pg_backend_pid()").await?;
            let there = answer(&second.client, "SELECT pg_backend_pid()").await?;
            let seen = (here, there);
            if seen.0 == seen.1 || *first_seen.get_or_insert(seen.clone()) != seen {
                return None;
            }
        }
        Some(Owner::Connection)
    };
    let owner = timeout(PATIENCE, looks).await;
    owner.ok().flatten().unwrap_or(Owner::Transaction)
}

async fn answer(client: &Client, question: &str) -> Option<String> {
    let answer = client.simple_query(question).await.ok()?;
    answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}
