//! What `mb scan` says: in a pipe the original's lines, on a terminal a bar and a line for each mirror, or JSON.

mod lines;

use super::Arguments;
use super::enable::Enabling;
use crate::error::Failure;
use crate::output::{ManyBars, Output};
use crate::session::warn;
use background::Progress;
use lines::Line;
use mirror_db::tables::server::Server;
use scanner::{Event, Observer, Options, Outcome};
use serde::Serialize;
use std::sync::{Mutex, PoisonError};

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// What the original says; with `-q`, `-qq` less of it.
    Lines(u8),
    /// For people.
    Terminal,
    /// For programs, at the end.
    Json,
}

/// Takes what scans tell, and says it: of one mirror after the other, however many are scanned at once.
pub(super) struct Report<'a> {
    style: Style,
    is_verbose: bool,
    subtree: &'a str,
    names: Vec<&'a str>,
    enabling: Option<Enabling>,
    bars: ManyBars,
    told: Mutex<Told<'a>>,
}

struct Told<'a> {
    out: &'a mut Output,
    /// What was said of mirrors whose turn has not come.
    waiting: Vec<Vec<String>>,
    ended: Vec<bool>,
    /// Whose turn it is.
    turn: usize,
    /// Whether mirrors have turns: not those that come as they are due.
    in_order: bool,
    failure: Option<std::io::Error>,
}

impl Told<'_> {
    fn say(&mut self, number: usize, line: String) {
        if number == self.turn || !self.in_order {
            let said = self.out.line(line).and_then(|()| self.out.flush());
            self.failure = self.failure.take().or(said.err());
        } else if let Some(waiting) = self.waiting.get_mut(number) {
            waiting.push(line);
        }
    }

    fn end(&mut self, number: usize) {
        if let Some(ended) = self.ended.get_mut(number) {
            *ended = true;
        }
        while self.ended.get(self.turn) == Some(&true) {
            self.turn += 1;
            let lines = self.waiting.get_mut(self.turn).map(std::mem::take);
            for line in lines.unwrap_or_default() {
                self.say(self.turn, line);
            }
        }
    }
}

impl<'a> Report<'a> {
    pub fn new(
        arguments: &Arguments,
        options: &'a Options,
        mirrors: &'a [Server],
        enabling: Option<Enabling>,
        out: &'a mut Output,
    ) -> Self {
        let style = match out.is_terminal() && arguments.verbose == 0 && arguments.quiet == 0 {
            _ if arguments.facts.json => Style::Json,
            true => Style::Terminal,
            false => Style::Lines(arguments.quiet),
        };
        Self {
            style,
            is_verbose: arguments.verbose > 0,
            subtree: &options.subtree,
            names: mirrors.iter().map(|mirror| &*mirror.identifier).collect(),
            enabling,
            bars: ManyBars::new(arguments.quiet == 0 && !arguments.facts.json),
            told: Mutex::new(Told {
                out,
                waiting: mirrors.iter().map(|_| Vec::new()).collect(),
                ended: mirrors.iter().map(|_| false).collect(),
                turn: 0,
                in_order: !arguments.due && !arguments.worker,
                failure: None,
            }),
        }
    }

    fn with(&self, mirror: &Server, work: impl FnOnce(&mut Told<'a>, usize)) {
        let place = self
            .names
            .iter()
            .position(|name| *name == mirror.identifier);
        let told = self.told.lock();
        let mut told = told.unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = place {
            self.bars.beside(|| work(&mut told, place));
        }
    }

    fn say(&self, mirror: &Server, line: String) {
        self.with(mirror, |told, place| told.say(place, line));
    }

    /// A line of the original's, unless it is to be quiet about it.
    fn line(&self, mirror: &Server, line: &Line) {
        if let Style::Lines(quiet) = self.style
            && quiet <= line.quiet
        {
            self.say(mirror, lines::text(mirror, line));
        }
    }

    fn dated(&self, mirror: &Server, text: &str) {
        self.line(mirror, &Line::dated(text));
    }

    /// Puts a mirror to use whose scan has succeeded.
    fn enable(&self, enabling: &Enabling, mirror: &Server) {
        self.dated(mirror, "testing status of base URL...");
        match enabling.try_base_url(mirror) {
            Ok(true) => self.dated(mirror, "OK. Mirror is online now."),
            Ok(false) => {
                let name = &mirror.identifier;
                warn(format_args!(
                    "{name}: the base URL does not answer with status 200"
                ));
            }
            Err(error) => warn(format_args!("{}: database: {error}", mirror.identifier)),
        }
    }

    /// Says what is left to say.
    pub fn end(self, mirrors: &[Server], outcomes: &[Outcome]) -> Result<(), Failure> {
        let told = self.told.into_inner();
        let told = told.unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = told.failure {
            return Err(failure.into());
        }
        if self.style == Style::Json {
            let rows: Vec<_> = mirrors.iter().zip(outcomes).map(Row::of).collect();
            told.out.json(&rows)?;
        }
        Ok(())
    }
}

impl Observer for Report<'_> {
    fn event(&self, mirror: &Server, event: &Event<'_>) {
        match event {
            Event::Failed(protocol, error) => {
                let name = &mirror.identifier;
                self.bars
                    .beside(|| warn(format_args!("{name}: {protocol}: {error}")));
            }
            Event::Unread(path, error) if self.is_verbose => {
                let name = &mirror.identifier;
                self.bars
                    .beside(|| warn(format_args!("{name}: {path}/: {error}")));
            }
            Event::Unread(..) => {}
            event => {
                for line in lines::of(event, self.subtree) {
                    self.line(mirror, &line);
                }
            }
        }
    }

    fn progress(&self, _: &Server) -> Box<dyn Progress + '_> {
        Box::new(self.bars.bar())
    }

    fn ended(&self, mirror: &Server, outcome: &Outcome) {
        match &outcome.failure {
            Some(failure) => {
                let name = &mirror.identifier;
                self.bars.beside(|| warn(format_args!("{name}: {failure}")));
            }
            None => {
                if let Some(enabling) = &self.enabling
                    && outcome.after > 1
                {
                    match enabling.enable(mirror) {
                        Ok(()) => self.dated(mirror, "now enabled."),
                        Err(error) => warn(format_args!("{}: {error}", mirror.identifier)),
                    }
                }
                self.dated(mirror, "done.");
                if let Some(enabling) = &self.enabling {
                    self.enable(enabling, mirror);
                }
            }
        }
        if self.style == Style::Terminal {
            self.say(mirror, lines::summary(mirror, outcome));
        }
        self.with(mirror, |told, place| told.end(place));
    }
}

/// What became of a mirror, as JSON has it.
#[derive(Serialize)]
struct Row<'a> {
    identifier: &'a str,
    outcome: &'static str,
    protocol: Option<&'static str>,
    entries: u64,
    files: u64,
    before: u64,
    after: u64,
    added: u64,
    removed: u64,
    deviating: u64,
    surplus: u64,
    unusable: u64,
    bytes: u64,
    error: Option<String>,
}

impl<'a> Row<'a> {
    fn of((mirror, outcome): (&'a Server, &'a Outcome)) -> Self {
        Self {
            identifier: &mirror.identifier,
            outcome: outcome.word(),
            protocol: outcome.protocol.map(scanner::Protocol::as_str),
            entries: outcome.entries,
            files: outcome.files,
            before: outcome.before,
            after: outcome.after,
            added: outcome.added,
            removed: outcome.removed,
            deviating: outcome.deviating,
            surplus: outcome.surplus,
            unusable: outcome.unusable,
            bytes: outcome.bytes,
            error: outcome.reason(),
        }
    }
}
