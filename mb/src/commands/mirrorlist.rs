//! `mb mirrorlist`: lists of mirrors for visitors.

mod carried;
mod xhtml;

use crate::error::Failure;
use crate::files::{self, Owner};
use crate::python::repr_list;
use crate::session::Session;
use carried::Carried;
use clap::{Args, ValueEnum};
use mirror_db::tables::marker::{self, Marker};
use mirror_db::tables::server::{self, Server};
use regex::Regex;
use std::path::PathBuf;

/// Arguments of `mb mirrorlist`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only the mirrors whose names contain this, whatever their state
    part: Option<String>,

    /// How to write it
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Txt)]
    format: Format,

    /// Only markers whose names begin with a match of this regular expression
    #[arg(short = 'F', long, value_name = "REGEX", allow_hyphen_values = true)]
    filter: Option<String>,

    /// List the markers
    #[arg(short, long)]
    list_markers: bool,

    /// Write into this file, at once
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Leave out mirrors that carry nothing
    #[arg(short, long)]
    skip_empty: bool,

    #[command(flatten)]
    page: xhtml::Options,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Only tell that the file would be written
    #[arg(short = 'n', long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Each mirror with all markers below it, + or - in front
    Txt,
    /// A line for each marker that a mirror carries
    Txt2,
    /// A page
    Xhtml,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let markers = markers(arguments, session)?;
    if arguments.list_markers {
        let out = &mut session.out;
        if arguments.json {
            return Ok(out.json(&markers)?);
        }
        for marker in &markers {
            let files = repr_list(&marker.files);
            out.line(format_args!("{:<20}    {files}", marker.subtree_name))?;
        }
        return Ok(());
    }
    let mirrors = mirrors(arguments, session)?;
    let carried = Carried::look_up(&markers, session.connection()?)?;
    if arguments.json {
        return Ok(session.out.json(&carried.json(&mirrors))?);
    }
    let text = match arguments.format {
        Format::Txt => txt(&mirrors, &carried),
        Format::Txt2 => txt2(&mirrors, &carried),
        Format::Xhtml => {
            let names = xhtml::PlaceNames::read(session.connection()?)?;
            let page = xhtml::Page {
                options: &arguments.page,
                skip_empty: arguments.skip_empty,
                names: &names,
                carried: &carried,
            };
            page.text(&mirrors)?
        }
    };
    match &arguments.output {
        Some(path) if arguments.dry_run => {
            let lines = text.lines().count();
            let path = path.display();
            Ok(session
                .out
                .line(format_args!("Would write {lines} lines to {path}"))?)
        }
        Some(path) => files::replace(path, text.as_bytes(), 0o644, Owner::default()),
        None => Ok(session.out.text(text)?),
    }
}

fn markers(arguments: &Arguments, session: &mut Session) -> Result<Vec<Marker>, Failure> {
    let filter = match &arguments.filter {
        Some(text) => {
            let problem = |e| Failure::new(format!("--filter {text}: {e}"));
            Some(Regex::new(text).map_err(problem)?)
        }
        None => None,
    };
    let mut markers = marker::all(session.connection()?)?;
    markers.retain(|marker| {
        let begins = |filter: &Regex| {
            let first = filter.find(&marker.subtree_name);
            first.is_some_and(|first| first.start() == 0)
        };
        filter.as_ref().is_none_or(begins)
    });
    Ok(markers)
}

/// Those for everybody, unless some are named.
fn mirrors(arguments: &Arguments, session: &mut Session) -> Result<Vec<Server>, Failure> {
    let connection = session.connection()?;
    let mut mirrors = server::by_place(connection)?;
    match &arguments.part {
        Some(part) => {
            let named = server::matching(connection, part)?;
            mirrors.retain(|mirror| named.iter().any(|named| named.id == mirror.id));
        }
        None => mirrors.retain(|mirror| {
            mirror.enabled && !mirror.prefix_only && !mirror.as_only && mirror.country != "**"
        }),
    }
    Ok(mirrors)
}

fn txt(mirrors: &[Server], carried: &Carried<'_>) -> String {
    let mut text = String::new();
    for mirror in mirrors {
        text.push_str(&format!("\n{}\n", mirror.identifier));
        for (marker, is_carried) in carried.of(mirror) {
            let sign = if is_carried { '+' } else { '-' };
            text.push_str(&format!("{sign}{}\n", marker.subtree_name));
        }
    }
    text
}

fn txt2(mirrors: &[Server], carried: &Carried<'_>) -> String {
    let mut text = String::new();
    for mirror in mirrors {
        for (marker, is_carried) in carried.of(mirror) {
            if is_carried {
                text.push_str(&format!("{}: {}\n", mirror.identifier, marker.subtree_name));
            }
        }
    }
    text
}
