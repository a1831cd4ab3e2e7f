//! What is counted, the status page that shows it (`SetHandler mirrorbrain-status`), and what is said
//! when most of it is not what a site is for.

use crate::MirrorBrain;
use apache::{
    Handler, Level, Method, Networks, Outcome, Request, Server, ServerStatus, SharedWords, networks,
};
use metrics::{Board, Child, Concern, Database as Number, Facts, Format, Slot, Words};
use mirror_cache::{Database, Group};
use std::ffi::CStr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The value of `SetHandler`.
const HANDLER: &CStr = c"mirrorbrain-status";

const METHOD_NOT_ALLOWED: u16 = 405;

/// Children that count apart from each other; of more, some share a place.
const MOST_SLOTS: usize = 1024;

/// The words of all children.
struct Shared(SharedWords);

impl Words for Shared {
    fn words(&self) -> &[AtomicU64] {
        &self.0
    }
}

/// The board of a server with these databases, in memory that its children will share. Where there
/// is none, each child counts for itself.
pub fn board(main: Server<'_>, processes: usize, groups: &[Group]) -> Option<Board> {
    // Children of before a restart end while those after it begin.
    let slots = processes.saturating_mul(2).clamp(1, MOST_SLOTS);
    let names: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
    match SharedWords::new(metrics::length(slots, names.len())) {
        Ok(words) => Some(Board::new(Arc::new(Shared(words)), slots, &names)),
        Err(problem) => {
            main.log::<MirrorBrain>(Level::Warning, || {
                format!("no shared memory, so that the status is that of one child: {problem}")
            });
            None
        }
    }
}

/// What a child counts, and what the page says beside that.
pub struct Status {
    slot: Slot,
    groups: Vec<Group>,
    databases: Vec<Arc<Database>>,
}

impl Status {
    /// `databases` are some of each of the `groups`.
    pub fn new(slot: Slot, groups: Vec<Group>, databases: Vec<Arc<Database>>) -> Self {
        Self {
            slot,
            groups,
            databases,
        }
    }

    /// Counts an answer, or a part of one.
    pub fn count(&self, what: Child) {
        self.slot.child().count(what);
    }

    /// Counts a redirect to a mirror of a database.
    pub fn count_mirror(&self, database: usize, id: i64) {
        self.count(Child::RedirectMirror);
        self.slot.count_mirror(database, id);
    }

    /// Counts a file that is given instead of a redirect, and warns if that is the rule.
    pub fn count_file(&self, request: Request<'_>, why: Child) {
        self.count(why);
        let now = u64::try_from(request.time()).unwrap_or(0);
        let text = match why {
            Child::FileNoMirror => self.no_mirrors(now),
            Child::FileUnavailable | Child::FileBusy => self.no_answers(now),
            Child::FileNoDatabase => self.no_database(request, now),
            _ => None,
        };
        if let Some(text) = text {
            request.server().log::<MirrorBrain>(Level::Warning, || text);
        }
    }

    fn no_mirrors(&self, now: u64) -> Option<String> {
        let numbers = |board: &Board| {
            let wrong = board.child(Child::FileNoMirror);
            let redirects = [Child::RedirectMirror, Child::RedirectFallback];
            let right: u64 = redirects.into_iter().map(|kind| board.child(kind)).sum();
            (wrong, wrong + right)
        };
        let found = self.slot.board().look(Concern::NoMirror, now, numbers)?;
        Some(format!(
            "{} of {} files asked for in the last {} s were sent from here, because no mirror may be used \
             for them: are mirrors enabled and scanned, and is MirrorBrainEngine On for the directory \
             that paths in the database are relative to?",
            found.wrong, found.all, found.seconds
        ))
    }

    fn no_answers(&self, now: u64) -> Option<String> {
        let numbers = |board: &Board| {
            let of = |number| board.database(number);
            let wrong = of(Number::TimedOut) + of(Number::Refused);
            (wrong, wrong + of(Number::Misses) + of(Number::Failed))
        };
        let found = self.slot.board().look(Concern::NoAnswer, now, numbers)?;
        Some(format!(
            "{} of {} questions to the database in the last {} s had no answer in time, or were not asked \
             because it is slow and enough requests wait for it: files are sent from here",
            found.wrong, found.all, found.seconds
        ))
    }

    fn no_database(&self, request: Request<'_>, now: u64) -> Option<String> {
        let host = request.server().name().to_string_lossy();
        self.slot.board().say(Concern::NoDatabase, now).then(|| {
            format!(
                "MirrorBrainEngine is On, but no DBDParams names a database for {host}: files are sent \
                 from here"
            )
        })
    }

    fn report(&self, request: Request<'_>) -> metrics::Report {
        let name = |number: usize, id: i64| {
            let database = self.databases.iter().find(|one| one.number() == number)?;
            let mirrors = database.mirrors();
            Some(mirrors.get(id)?.identifier.to_string())
        };
        let seconds = u64::try_from(request.time()).unwrap_or(0);
        let facts = Facts {
            version: concat!("mod_mirrorbrain/", env!("CARGO_PKG_VERSION")),
            now: seconds * 1000,
            servers: self
                .groups
                .iter()
                .map(|group| group.servers.clone())
                .collect(),
            mirror_name: Some(&name),
            networks: networks(request.server())
                .map(|Networks { ranges, age }| metrics::Networks { ranges, age }),
        };
        self.slot.board().report(&facts)
    }
}

fn status<'r>(request: Request<'r>) -> Option<&'r Status> {
    let runtime = request.server_config::<MirrorBrain>()?.runtime.get()?;
    Some(&runtime.status)
}

/// What the query names first; Prometheus writes it with `=`.
fn format(query: &[u8]) -> Format {
    match query.split(|byte| matches!(byte, b'&' | b'=')).next() {
        Some(b"json") => Format::Json,
        Some(b"prometheus") => Format::Prometheus,
        _ => Format::Html,
    }
}

/// The page.
pub struct StatusPage;

impl Handler for StatusPage {
    fn handle(request: Request<'_>) -> Outcome {
        if request.handler() != Some(HANDLER) {
            return Outcome::Declined;
        }
        if !matches!(request.method(), Method::Get | Method::Head) {
            request.allow(&[c"GET", c"HEAD", c"OPTIONS"]);
            return Outcome::Status(METHOD_NOT_ALLOWED);
        }
        let Some(status) = status(request) else {
            return Outcome::Status(503);
        };
        let format = format(request.args().unwrap_or_default());
        let text = status.report(request).render(format);
        request.set_content_type(format.media_type().as_bytes());
        request
            .headers_out()
            .set_static(c"Cache-Control", c"no-store");
        request.set_content_length(text.len() as u64);
        // A client that has gone needs no answer.
        let _ = request.write(text.as_bytes());
        Outcome::Ok
    }
}

impl ServerStatus for StatusPage {
    fn show(request: Request<'_>, short: bool) -> Option<String> {
        Some(status(request)?.report(request).mod_status(short))
    }
}
