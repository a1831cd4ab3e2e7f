//! Keeps the connections of a pool: connects, reconnects, and probes.

use crate::queue::Answer;
use crate::session::{Ended, Session};
use crate::sessions::Mark;
use crate::shared::{CONNECTING, Event, Shared, UP};
use crate::{DbError, connect};
use background::LogLevel;
use background::Point;
use metrics::{Database as Number, Step};
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long a server that is away is left alone between two attempts.
const PAUSE: Duration = Duration::from_millis(400);

/// A connection that is lost sooner was accepted, but is of no use: a pooler without a server
/// behind it, or someone who ends all sessions.
const BRIEF: Duration = Duration::from_millis(50);

/// After so many brief connections in a row the next has to prove itself before it counts.
const BRIEF_ONES: usize = 3;

/// Attempts that may be under way at a time. One that hangs does not hold up the next: after a
/// pause or a partition the first to get through counts.
const ATTEMPTS: usize = 3;

/// The longest that one attempt takes unless `connect_timeout` says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Keeps one connection open, adds others while jobs wait, and probes statements that fail.
pub(crate) async fn supervise(shared: Arc<Shared>) {
    let mut tasks = JoinSet::new();
    tasks.spawn(probe_failing(shared.clone()));
    tasks.spawn(grow(shared.clone()));
    tokio::select! {
        () = keep_one(&shared) => {}
        // They have no end, only panics: all begins anew then.
        Some(Err(error)) = tasks.join_next() => {
            if let Ok(payload) = error.try_into_panic() {
                std::panic::resume_unwind(payload);
            }
        }
    }
}

/// Keeps one connection open.
async fn keep_one(shared: &Arc<Shared>) {
    let mut brief = 0;
    loop {
        let session = reconnect(shared, brief >= BRIEF_ONES).await;
        let since = Instant::now();
        let ended = session.serve(shared, None).await;
        brief = if since.elapsed() < BRIEF {
            brief + 1
        } else {
            0
        };
        match ended {
            Ended::Idle => {}
            Ended::Lost(reason) => {
                shared.numbers.count(Number::Lost);
                let _ = shared.state.compare_exchange(
                    UP,
                    CONNECTING,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                );
                shared.log(
                    LogLevel::Debug,
                    &format!("database connection lost: {reason}"),
                );
            }
            Ended::Hung(reason) => shared.set_hung(&reason),
        }
    }
}

/// Tries until there is a session; one that is `proven` has lasted for a moment.
async fn reconnect(shared: &Arc<Shared>, proven: bool) -> Session {
    let mut attempts = JoinSet::new();
    let begun = Arc::new(OnceLock::new());
    loop {
        if attempts.len() < ATTEMPTS {
            attempts.spawn(take_turn(shared.clone(), proven, begun.clone()));
        }
        let tick = sleep(PAUSE);
        tokio::pin!(tick);
        loop {
            tokio::select! {
                Some(result) = attempts.join_next() => match result {
                    Ok(Ok(session)) => {
                        shared.set_up(shared.state.load(Ordering::Relaxed), session.server());
                        return session;
                    }
                    Ok(Err(reason)) => shared.connect_failed(&reason),
                    Err(panic) => shared.connect_failed(&format!("internal error: {panic}")),
                },
                () = &mut tick => break,
            }
        }
        let waited = begun.get().map_or(Duration::ZERO, Instant::elapsed);
        if waited >= shared.settings.query_timeout {
            shared.connect_failed("it does not answer");
        }
    }
}

/// Opens a connection when it is our turn. Those who connect to the same server take turns: hundreds
/// at once would wait for each other so long that it seems to be away. One that does not answer
/// soon gives its turn away.
async fn take_turn(
    shared: Arc<Shared>,
    proven: bool,
    begun: Arc<OnceLock<Instant>>,
) -> Result<Session, String> {
    let turn = shared.turns.clone().acquire_owned().await;
    begun.get_or_init(Instant::now);
    let mut opening = pin!(timed(shared, proven));
    let soon = timeout(PAUSE, &mut opening).await;
    drop(turn);
    match soon {
        Ok(session) => session,
        Err(_) => opening.await,
    }
}

/// Opens a connection, and counts it.
async fn timed(shared: Arc<Shared>, proven: bool) -> Result<Session, String> {
    let (numbers, begun) = (shared.numbers.clone(), Instant::now());
    let session = open(shared, proven).await?;
    numbers.count(Number::Connected);
    numbers.record(Step::Connect, begun.elapsed());
    Ok(session)
}

/// Hands on the notifications of a connection.
fn notifier(shared: &Arc<Shared>) -> connect::Notifier {
    let shared = Arc::downgrade(shared);
    Arc::new(move |payload| {
        if let Some(shared) = shared.upgrade()
            && let Some(listener) = &shared.listener
        {
            (listener.call)(Event::Notified(payload));
        }
    })
}

async fn open(shared: Arc<Shared>, proven: bool) -> Result<Session, String> {
    Point::Connect.pass();
    let limit = shared
        .info
        .connect_timeout
        .unwrap_or(CONNECT_TIMEOUT)
        .min(Duration::from_secs(30));
    let mark = shared.sessions.mark();
    let purpose = connect::Purpose {
        limit,
        notifier: notifier(&shared),
        follow_name: true,
        options: mark.as_ref().map(Mark::options),
    };
    let link = connect::connect(&shared.info, &purpose)
        .await
        .map_err(|error| error.to_string())?;
    let prepare = async {
        let mut session = Session::new(link, mark.as_ref(), &shared).await?;
        if proven {
            session.prove(PAUSE).await?;
        }
        Ok(session)
    };
    match timeout(limit, prepare).await {
        Ok(session) => session,
        Err(_) => {
            let seconds = limit.as_secs_f32();
            Err(format!("no answer within {seconds} s after the login"))
        }
    }
}

/// Wakes or opens a further connection while jobs wait for those at work.
async fn grow(shared: Arc<Shared>) {
    let mut sessions: JoinSet<Duration> = JoinSet::new();
    loop {
        shared.grow.notified().await;
        Point::Growth.pass();
        // A job that is taken within this time is not worth a connection.
        sleep(Duration::from_millis(5)).await;
        while let Some(ended) = sessions.try_join_next() {
            match ended {
                Ok(lasted) if lasted < BRIEF => sleep(PAUSE).await,
                Ok(_) => {}
                // A panic; the session did not come to say that it is gone.
                Err(_) => {
                    shared.alive.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
        let waits = shared
            .queue
            .oldest()
            .is_some_and(|t| t.elapsed() > Duration::from_millis(4));
        if waits && shared.idle.load(Ordering::SeqCst) > 0 {
            shared.queue.wake.notify_one();
            continue;
        }
        let room = sessions.len() + 1 < shared.settings.max_connections;
        if !waits || !room || shared.state.load(Ordering::Relaxed) != UP {
            continue;
        }
        let keep = sessions.len() + 1 < shared.settings.keep_connections;
        let Ok(session) = timed(shared.clone(), false).await else {
            // Such as the server's limit of connections: no use asking for each job.
            sleep(PAUSE).await;
            continue;
        };
        let shared = shared.clone();
        sessions.spawn(async move {
            let patience = (!keep).then_some(shared.settings.idle_expiry);
            let since = Instant::now();
            if let Ended::Hung(reason) = session.serve(&shared, patience).await {
                shared.set_hung(&reason);
            }
            since.elapsed()
        });
    }
}

/// Runs each failing statement every half second, with parameters that mean nothing, until it
/// works. An error about those parameters is a sign of life.
async fn probe_failing(shared: Arc<Shared>) {
    loop {
        sleep(PAUSE).await;
        Point::Probe.pass();
        let failing = std::mem::take(
            &mut *shared
                .failing
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for statement in failing.into_iter().filter(|s| s.failure().is_some()) {
            let again = shared.clone();
            let probed = statement.clone();
            let parameters = vec!["0".to_owned(); statement.parameters];
            let deadline = Instant::now() + shared.settings.query_timeout;
            let done = move |answer: Answer| {
                if let Err(DbError::QueryFailed(failure)) = &answer
                    && failure.class() == "22"
                {
                    again.succeeded(&probed);
                }
                again
                    .failing
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(probed);
            };
            let queued = shared.submit(&statement, parameters, deadline, true, Box::new(done));
            if queued.is_err() {
                shared
                    .failing
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(statement);
            }
        }
    }
}
