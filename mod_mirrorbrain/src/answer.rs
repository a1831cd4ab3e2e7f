//! The answer: exclusions, facts, selection, and the document or redirect made of them.

mod attempts;
mod basis;

use crate::client::Who;
use crate::exchange::{Exchange, RequestedFile, Wanted};
use crate::exclusion::Exclusion;
use crate::facts::Facts;
use crate::known_file::KnownFile;
use crate::made_hashes::NotMade;
use crate::mask::Mask;
use crate::respond;
use crate::sums::Refusal;
use apache::Outcome;
use basis::{Basis, OnMirrors};
use metrics::Child;
use mirror_db::Digests;
use mirror_selection::{Choice, Extent, Selection};
use pg::DbError;
use representation::query::QueryArguments;
use representation::redirect::{MAX_DUPLICATES, Redirect};
use representation::{
    Behind, BrokenMirrors, Document, File, Hashes, Representation, Sources, Zsync,
};
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// One request on its way to an answer.
pub struct FileRequest<'r> {
    exchange: Exchange<'r>,
    file: RequestedFile<'r>,
    wanted: Wanted,
    query: &'r QueryArguments<'r>,
    who: Who<'r>,
}

impl<'r> FileRequest<'r> {
    pub fn new(
        exchange: Exchange<'r>,
        file: RequestedFile<'r>,
        wanted: Wanted,
        query: &'r QueryArguments<'r>,
    ) -> Self {
        let who = Who::asks(exchange.request, exchange.runtime, query);
        Self {
            exchange,
            file,
            wanted,
            query,
            who,
        }
    }

    /// What the steps need.
    pub fn exchange(&self) -> Exchange<'_> {
        self.exchange
    }

    /// Answers, or leaves the file to httpd.
    pub fn run(&self) -> Outcome {
        if self.exchange.is_direct() && !matches!(self.wanted, Wanted::Named(_)) {
            self.step(|| "the URL asks for the file itself".to_owned());
            return self.give_file(Child::FileExcluded);
        }
        let base = self.exchange.base();
        let (filename, id) = (self.file.filename, self.file.id);
        let known = base.and_then(|base| base.known(filename, id));
        let excluded = self.exclusion(known.as_deref());
        if let (Some(exclusion), Wanted::Redirect | Wanted::Negotiated(_)) = (excluded, self.wanted)
        {
            self.step(|| format!("excluded by {}", exclusion.directive()));
            return self.give_file(Child::FileExcluded);
        }
        self.who.tell(self.exchange.request, self.file.size);
        let file = known.or_else(|| base?.find(filename, id));
        let Some(known) = file.as_deref() else {
            self.step(|| "the file lies outside the base directory".to_owned());
            return match self.wanted {
                Wanted::Named(_) => Outcome::Status(404),
                Wanted::Redirect | Wanted::Negotiated(_) => self.give_file(Child::FileOutside),
            };
        };
        let on_mirrors = match excluded {
            Some(_) => OnMirrors::No,
            None if self.exchange.is_volatile(known) => OnMirrors::MaybeOlder,
            None => OnMirrors::Yes,
        };
        if on_mirrors == OnMirrors::MaybeOlder && self.wanted == Wanted::Redirect {
            self.step(|| "excluded by MirrorBrainVolatileFileMask".to_owned());
            return self.give_file(Child::FileExcluded);
        }
        let facts = self.facts(known);
        let file = respond::file(self.exchange.request, known.key(), &self.file);
        match self.wanted {
            Wanted::Redirect => self.redirect(&file, facts),
            Wanted::Negotiated(representation) | Wanted::Named(representation) => {
                self.document(representation, &file, facts, on_mirrors)
            }
        }
    }

    /// Whether the file is kept off the mirrors, as far as that concerns what is wanted.
    pub fn is_excluded(&self) -> bool {
        self.exclusion(None).is_some()
    }

    fn step(&self, text: impl FnOnce() -> String) {
        self.exchange.trace.step(text);
    }

    /// Why the file is kept off the mirrors, as far as that concerns what is wanted.
    fn exclusion(&self, known: Option<&KnownFile>) -> Option<Exclusion> {
        let (exchange, config) = (self.exchange, self.exchange.config);
        let filename = self.file.filename.as_os_str().as_encoded_bytes();
        let uri = self.file.uri;
        let is_matched = |mask: &Mask| match known {
            Some(file) => file.is_matched(mask, filename, uri),
            None => mask.is_match(uri),
        };
        let of_file = || config.excludes_file(is_matched, || self.file.content_type);
        match self.wanted {
            Wanted::Named(representation) if representation.lists_mirrors() => of_file(),
            Wanted::Named(_) => None,
            Wanted::Redirect | Wanted::Negotiated(_) => {
                if self.file.size < config.min_size() && !self.may_fake() {
                    return Some(Exclusion::Size);
                }
                of_file()
                    .or_else(|| config.excludes_client(exchange.request, self.who.client.address))
            }
        }
    }

    /// `?fakefile`: a mirror's administrator tests the redirect with a small file.
    fn may_fake(&self) -> bool {
        self.query.fake_file()
            && self
                .exchange
                .config
                .trusts(respond::peer(self.exchange.request))
    }

    fn give_file(&self, why: Child) -> Outcome {
        let (request, runtime) = (self.exchange.request, self.exchange.runtime);
        runtime.status.count_file(request, why);
        let give = match why {
            Child::FileNoMirror | Child::FileExcluded | Child::FileOutside | Child::FileRetried => {
                c"file"
            }
            _ => c"file (database_not_reached)",
        };
        request.env().set_static(c"GIVE", give);
        Outcome::Declined
    }

    /// Why the file is given where there is no mirror.
    fn without_mirror(&self, facts: Option<&DbError>) -> Child {
        match facts {
            None => Child::FileNoMirror,
            Some(_) if !self.exchange.runtime.has_database() => Child::FileNoDatabase,
            Some(DbError::Unavailable(_)) => Child::FileUnavailable,
            Some(DbError::Busy) => Child::FileBusy,
            Some(DbError::QueryFailed(_)) => Child::FileFailed,
        }
    }

    fn count_redirect(&self, selection: &Selection<'_>, target: &Choice<'_>) {
        let runtime = self.exchange.runtime;
        match runtime.database() {
            Ok(database) if !selection.uses_fallbacks() => {
                let number = database.number();
                runtime.status.count_mirror(number, target.mirror().id);
            }
            _ => runtime.status.count(Child::RedirectFallback),
        }
    }

    fn facts<'f>(&self, file: &'f KnownFile) -> Result<Facts<'f>, DbError> {
        let database = self.exchange.runtime.database()?;
        let facts = Facts::of(database, file, self.file.size, self.file.mtime);
        if let Err(problem) = &facts {
            self.step(|| problem.to_string());
        }
        facts
    }

    fn select<'a>(
        &'a self,
        facts: &'a Facts<'_>,
        key: &[u8],
        extent: Extent,
        seed: Option<u64>,
    ) -> Selection<'a> {
        let selection = self
            .exchange
            .select(facts, &self.who, (key, self.file.size), extent, seed);
        self.step(|| describe(&selection));
        selection
    }

    fn redirect(&self, file: &File<'_>, facts: Result<Facts<'_>, DbError>) -> Outcome {
        let (known, problem) = split(facts);
        // A remembered mirror may be any of the usable ones.
        let extent = match self.exchange.runtime.stickiness {
            Some(_) => Extent::All,
            None => Extent::Top(MAX_DUPLICATES),
        };
        let attempt = self.attempt(file.key());
        let seed = attempt.and_then(|attempt| attempt.seed());
        let mut selection = self.select(&known, file.key(), extent, seed);
        self.keep_to_remembered(&mut selection);
        let Some(selection) = self.next_mirror(attempt, selection) else {
            return self.give_file(Child::FileRetried);
        };
        let Some(target) = selection.target() else {
            return self.give_file(self.without_mirror(problem.as_ref()));
        };
        self.count_redirect(&selection, target);
        self.remember(&selection, target);
        let hashes = known
            .digests(self.file.size, self.file.mtime)
            .map(|digests| small(digests, self.file.size));
        let request = self.exchange.request;
        let redirect = Redirect {
            file,
            hashes: hashes.as_ref(),
            target,
            choices: selection.ranked(),
            has_tracker: !self.exchange.runtime.site.trackers.is_empty(),
            stamp_key: self.exchange.config.stamp_key.as_deref(),
            now: request.time(),
        };
        respond::redirect(request, &redirect)
    }

    /// Sends the client to the mirror that it was sent to before, if it may still be used.
    fn keep_to_remembered(&self, selection: &mut Selection<'_>) {
        let Some(index) = self.remembered(selection) else {
            return;
        };
        if self.exchange.config.is_compatible() {
            selection.aim_at(index);
        } else {
            selection.put_first(index);
        }
    }

    fn remembered(&self, selection: &Selection<'_>) -> Option<usize> {
        let memory = self.exchange.runtime.stickiness.as_ref()?;
        // A mirror for every country is near to everybody: it is no reason to stay elsewhere.
        if self.query.new_mirror() || selection.has_wildcard() {
            return None;
        }
        let recalled = memory.recall(self.who.client.address?);
        let (hit, miss) = (Child::MemcachedHit, Child::MemcachedMiss);
        let what = if recalled.is_some() { hit } else { miss };
        self.exchange.runtime.status.count(what);
        let id = recalled?;
        let index = selection.position(id)?;
        self.step(|| format!("remembered: mirror {id}"));
        Some(index)
    }

    /// Notes the mirror for the client's next request.
    fn remember(&self, selection: &Selection<'_>, target: &Choice<'_>) {
        let memory = self.exchange.runtime.stickiness.as_ref();
        if let Some((memory, client)) = memory.zip(self.who.client.address)
            && !selection.uses_fallbacks()
        {
            memory.remember(client, target.mirror().id);
        }
    }

    fn document(
        &self,
        representation: Representation,
        file: &File<'_>,
        facts: Result<Facts<'_>, DbError>,
        on_mirrors: OnMirrors,
    ) -> Outcome {
        let (facts, problem) = split(facts);
        let reached = problem.is_none();
        let selection = (representation.lists_mirrors() && on_mirrors != OnMirrors::No)
            .then(|| self.select(&facts, file.key(), Extent::All, None));
        let has_mirror = selection.as_ref().is_some_and(|s| s.target().is_some());
        let (exchange, size) = (self.exchange, self.file.size);
        let fallbacks = exchange.fallbacks(selection.as_ref(), &self.who, size);
        let is_volatile = on_mirrors == OnMirrors::MaybeOlder;
        let behind = exchange.behind(fallbacks.as_ref(), is_volatile);
        let is_negotiated = matches!(self.wanted, Wanted::Negotiated(_));
        if !has_mirror && is_negotiated {
            return self.give_file(self.without_mirror(problem.as_ref()));
        }
        let digests = facts.digests(size, self.file.mtime);
        let basis = Basis {
            reached,
            // A list of fallbacks, or of this server, helps without the database.
            has_source: has_mirror || behind.origin.is_some() && representation.is_metalink(),
            digests_failed: facts.digests_failed(),
            made: match digests {
                Some(_) => Err(NotMade::Unwanted),
                None => self.make_hashes(representation),
            },
        };
        if !basis.suffices(representation) {
            return respond::unavailable(self.exchange.request);
        }
        let signature = digests.map(|digests| self.signature(representation, file, digests));
        let signature = signature.transpose().unwrap_or_else(|problem| {
            self.step(|| problem.to_string());
            None
        });
        let hashes = digests.map(|digests| Hashes {
            pgp: signature.as_deref().unwrap_or_default(),
            ..small(digests, size)
        });
        let hashes = hashes.or_else(|| Some(basis.made.ok()?.hashes()));
        // Without a hash nobody can tell which version a mirror has.
        let can_tell = hashes.is_some() || !representation.is_metalink();
        if is_volatile && !can_tell && is_negotiated {
            return self.give_file(Child::FileExcluded);
        }
        let sources = match &selection {
            Some(selection) if !is_volatile || can_tell => Sources::Mirrors(selection),
            _ => Sources::OriginOnly,
        };
        let known = Known { digests, hashes };
        self.write(representation, file, known, sources, behind)
    }

    fn write(
        &self,
        representation: Representation,
        file: &File<'_>,
        known: Known<'_>,
        sources: Sources<'_>,
        behind: Behind<'_>,
    ) -> Outcome {
        let (request, server) = (self.exchange.request, self.exchange.server);
        let broken = self.broken_mirrors(representation);
        let page = representation == Representation::Mirrorlist;
        let read = |file: &Option<Arc<Path>>| match file {
            Some(file) if page => Some(respond::page_part(request, file)),
            _ => None,
        };
        let (header, footer) = (read(&server.page_header), read(&server.page_footer));
        let address = self
            .who
            .client
            .address
            .filter(|_| page)
            .map(|ip| ip.to_string());
        let country_name = self
            .who
            .country_name(self.exchange.runtime)
            .filter(|_| page);
        let document = Document {
            file,
            hashes: known.hashes.as_ref(),
            client: self.who.shown(address.as_deref(), country_name.as_deref()),
            sources,
            behind,
            compatible: self.exchange.config.is_compatible(),
            site: &self.exchange.runtime.site,
            torrent_file: self.has_torrent_file(),
            broken_mirrors: broken
                .as_ref()
                .map(|(text, only)| BrokenMirrors { text, only: *only }),
            page_header: header.as_deref(),
            page_footer: footer.as_deref(),
            asked_name: self.file.asked_name(),
            only_hash: self.query.only_hash(),
            now: request.time(),
        };
        let answer = document.answer(representation);
        let answer = answer.map_err(Refusal::Missing).and_then(|answer| {
            let source = self.source(&answer, representation, file, known.digests)?;
            Ok((answer, source))
        });
        match answer {
            Ok((answer, source)) => {
                respond::long_document(request, representation.name(), &answer, source)
            }
            Err(Refusal::Missing(missing)) => {
                self.step(|| format!("no {representation}: {missing}"));
                Outcome::Status(404)
            }
            Err(Refusal::Unavailable(problem)) => {
                self.step(|| format!("no {representation}: {problem}"));
                match known.without_pieces() {
                    // It says less, but leads to the file.
                    Some(known) if representation.is_metalink() => {
                        self.write(representation, file, known, sources, behind)
                    }
                    _ => respond::unavailable(request),
                }
            }
        }
    }

    /// `MirrorBrainMetalinkTorrentAddMask`
    fn has_torrent_file(&self) -> bool {
        let Some(mask) = &self.exchange.config.torrent_mask else {
            return false;
        };
        let path = self.file.filename.as_os_str();
        let torrent = || {
            let mut name = path.to_owned();
            name.push(".torrent");
            Path::new(&name).is_file()
        };
        mask.is_match(path.as_encoded_bytes()) && torrent()
    }

    /// `MirrorBrainMetalinkBrokenTestMirrors`, when the request asks for it: the text, and
    /// whether it replaces the mirrors.
    fn broken_mirrors(&self, representation: Representation) -> Option<(Vec<u8>, bool)> {
        let file = self.exchange.server.broken_mirrors.as_deref();
        let file = file.filter(|_| representation.is_metalink())?;
        let value = self
            .exchange
            .request
            .headers_in()
            .get(c"X-Broken-Mirrors")?;
        let text = fs::read(file).ok()?;
        Some((text, value.to_bytes().eq_ignore_ascii_case(b"only")))
    }
}

/// What is known, and what kept us from knowing.
fn split(facts: Result<Facts<'_>, DbError>) -> (Facts<'_>, Option<DbError>) {
    match facts {
        Ok(facts) => (facts, None),
        Err(problem) => (Facts::default(), Some(problem)),
    }
}

/// What is known of a file's hashes.
struct Known<'a> {
    digests: Option<&'a Digests>,
    hashes: Option<Hashes<'a>>,
}

impl Known<'_> {
    /// The same without the hashes of pieces; none if there were none.
    fn without_pieces(self) -> Option<Self> {
        let hashes = self.hashes.filter(|hashes| hashes.pieces > 0)?;
        let hashes = Hashes {
            pieces: 0,
            ..hashes
        };
        Some(Self {
            hashes: Some(hashes),
            ..self
        })
    }
}

/// The digests as documents want them, of a file of `size` bytes.
fn small(digests: &Digests, size: u64) -> Hashes<'_> {
    let zsync = digests.zsync.as_deref();
    Hashes {
        md5: digests.md5,
        sha1: digests.sha1,
        sha256: digests.sha256,
        sha512: None,
        btih: digests.btih,
        has_pieces: digests.has_pieces,
        signed: digests.has_pgp,
        has_zsync: zsync.is_some(),
        piece_length: digests.piece_size.into(),
        pieces: digests.pieces_length(size),
        pgp: "",
        zsync: zsync.map_or_else(Zsync::default, |zsync| Zsync {
            block_size: zsync.block_size.into(),
            hash_lengths: &zsync.hash_lengths,
            sums: zsync.sums_length(size),
        }),
    }
}

/// The selection in one line, for the debug log.
fn describe(selection: &Selection<'_>) -> String {
    let mut text = String::from(match (selection.target(), selection.uses_fallbacks()) {
        (None, _) => "no usable mirror",
        (_, true) => "fallback mirrors:",
        (_, false) => "mirrors:",
    });
    for (group, choices) in selection.groups() {
        text.push_str(&format!(" {group:?}:"));
        for choice in choices {
            text.push_str(&format!(" {}", choice.mirror().identifier));
        }
    }
    text
}
