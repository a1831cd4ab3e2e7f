//! `mb update`

use crate::cli::{Changes, Facts};
use crate::error::Failure;
use crate::host::{Host, host_of};
use crate::mirror_text::check_width;
use crate::parallel;
use crate::places::{Places, rounded};
use crate::python::flag;
use crate::session::{Session, warn};
use clap::Args;
use mirror_db::tables::columns::Columns;
use mirror_db::tables::pfx2asn::Network;
use mirror_db::tables::server::{self, Column, Server};
use pg::Connection;
use serde::Serialize;
use std::collections::BTreeMap;

/// Arguments of `mb update`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The mirrors, or parts of their names that no others have [default: those that are enabled
    /// and alive]
    identifiers: Vec<String>,

    #[command(flatten)]
    what: What,

    /// All five
    #[arg(short = 'A', long)]
    all: bool,

    /// All mirrors, also those that are disabled or dead
    #[arg(long)]
    all_mirrors: bool,

    #[command(flatten)]
    changes: Changes,

    #[command(flatten)]
    facts: Facts,
}

/// What is looked up anew.
#[derive(Debug, Clone, Copy, Args)]
struct What {
    /// Look up the number of the autonomous system
    #[arg(short = 'a', long)]
    asn: bool,

    /// Look up the network
    #[arg(short = 'p', long)]
    prefix: bool,

    /// Look up the coordinates
    #[arg(short = 'c', long)]
    coordinates: bool,

    /// Look up the region
    #[arg(long)]
    region: bool,

    /// Look up the country
    #[arg(long)]
    country: bool,
}

/// What is to be changed.
type Change = (i32, Column, String);

/// What became of a mirror, as JSON has it.
#[derive(Serialize)]
struct Updated<'a> {
    identifier: &'a str,
    changes: BTreeMap<&'static str, &'a str>,
    messages: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let What {
        asn,
        prefix,
        coordinates,
        region,
        country,
    } = arguments.what;
    let what = if arguments.all {
        What {
            asn: true,
            prefix: true,
            coordinates: true,
            region: true,
            country: true,
        }
    } else {
        arguments.what
    };
    if !(arguments.all || asn || prefix || coordinates || region || country) {
        return Err(Failure::new("nothing to update")
            .hint("say what: -a, -p, -c, --region, --country, or -A for all of them"));
    }
    let mirrors = mirrors(arguments, session)?;
    let places = Places::of(session)?;
    let columns = Columns::of(session.connection()?, "server")?;
    let hosts = parallel::map(&mirrors, |mirror| {
        host_of(&mirror.baseurl).map(|name| (Host::look_up(&name), name))
    });
    let mut changes = Vec::new();
    let mut told = Vec::new();
    for (mirror, host) in mirrors.iter().zip(hosts) {
        let mut lines = Vec::new();
        match host {
            Err(failure) => warn(format_args!("{}: {failure}", mirror.identifier)),
            Ok((Err(reason), name)) => {
                lines.push(format!("DNS lookup for hostname '{name}' failed: {reason}"))
            }
            Ok((Ok(host), _)) => {
                host.warning().into_iter().for_each(warn);
                let mut update = Update {
                    mirror,
                    host: &host,
                    lines: &mut lines,
                    changes: &mut changes,
                };
                update.all(what, &places, &columns, session.connection()?)?;
            }
        }
        told.push((mirror, lines));
    }
    if !arguments.changes.dry_run {
        session.change(false, "", |connection| {
            for (id, column, value) in &changes {
                // One that somebody has deleted meanwhile needs no change.
                server::set(connection, *id, *column, Some(value))?;
            }
            Ok(())
        })?;
    }
    // What is told has been saved, whether or not somebody reads all of it.
    if arguments.facts.json {
        return Ok(session.out.json(&updated(told, &changes))?);
    }
    for (mirror, lines) in told {
        for line in lines {
            let name = &mirror.identifier;
            session.out.line(format_args!("{name}: {line}"))?;
        }
    }
    Ok(())
}

/// The mirrors about which there is something to tell.
fn updated<'a>(told: Vec<(&'a Server, Vec<String>)>, changes: &'a [Change]) -> Vec<Updated<'a>> {
    let told = told
        .into_iter()
        .filter(|(_, messages)| !messages.is_empty());
    let updated = told.map(|(mirror, messages)| Updated {
        identifier: &mirror.identifier,
        changes: changes
            .iter()
            .filter(|(id, ..)| *id == mirror.id)
            .map(|(_, column, value)| (column.name(), &**value))
            .collect(),
        messages,
    });
    updated.collect()
}

fn mirrors(arguments: &Arguments, session: &mut Session) -> Result<Vec<Server>, Failure> {
    let names = arguments.identifiers.iter();
    if !arguments.identifiers.is_empty() {
        return names.map(|name| session.mirror(name)).collect();
    }
    let mut mirrors = server::in_table_order(session.connection()?)?;
    mirrors.retain(|mirror| arguments.all_mirrors || (mirror.enabled && mirror.status_baseurl));
    Ok(mirrors)
}

/// The look at one mirror.
struct Update<'a> {
    mirror: &'a Server,
    host: &'a Host,
    lines: &'a mut Vec<String>,
    changes: &'a mut Vec<Change>,
}

impl Update<'_> {
    fn all(
        &mut self,
        what: What,
        places: &Places,
        columns: &Columns,
        connection: &mut Connection,
    ) -> Result<(), Failure> {
        self.ipv6_only(columns);
        if what.prefix || what.asn {
            let network = places.network(connection, self.host.address())?;
            if what.prefix {
                self.prefix(network.as_ref(), columns);
            }
            if what.asn {
                self.asn(network.as_ref());
            }
        }
        let city = places.city(self.host.address());
        if what.coordinates
            && let Some(coordinates) = city.coordinates
        {
            self.coordinates(coordinates);
        }
        let mirror = self.mirror;
        if what.region
            && let Some(region) = &city.continent
        {
            self.code("region", Column::Region, &mirror.region, region);
        }
        if what.country
            && let Some(country) = &city.country
        {
            self.code("country", Column::Country, &mirror.country, country);
        }
        Ok(())
    }

    fn change(&mut self, column: Column, value: impl Into<String>) {
        self.changes.push((self.mirror.id, column, value.into()));
    }

    fn ipv6_only(&mut self, columns: &Columns) {
        let (old, new) = (self.mirror.ipv6_only, self.host.is_ipv6_only());
        if old != new && columns.has(Column::Ipv6Only.name()) {
            let line = format!("updating ipv6Only flag ({} -> {})", flag(old), flag(new));
            self.lines.push(line);
            self.change(Column::Ipv6Only, new.to_string());
        }
    }

    fn prefix(&mut self, network: Option<&Network>, columns: &Columns) {
        let Some(Network { prefix, .. }) = network else {
            return self.strange("prefix");
        };
        let old = &self.mirror.prefix;
        if old == prefix {
            return;
        }
        if let Err(failure) = check_width(columns, Column::Prefix, prefix) {
            return warn(format_args!(
                "{}: {prefix}: {failure}",
                self.mirror.identifier
            ));
        }
        self.lines
            .push(format!("updating network prefix ({old} -> {prefix})"));
        self.change(Column::Prefix, prefix);
    }

    fn asn(&mut self, network: Option<&Network>) {
        let Some(&Network { asn, .. }) = network else {
            return self.strange("ASN");
        };
        let old = self.mirror.asn;
        if old == asn {
            return;
        }
        if i32::try_from(asn).is_err() {
            let name = &self.mirror.identifier;
            return warn(format_args!(
                "{name}: AS{asn} is too large for the column asn"
            ));
        }
        self.lines.push(format!(
            "updating autonomous system number ({old} -> {asn})"
        ));
        self.change(Column::Asn, asn.to_string());
    }

    /// No network holds the address.
    fn strange(&mut self, what: &str) {
        let address = self.host.address();
        self.lines.push(format!(
            "STRANGE! There's no {what} containing this hosts IP address ({address})..."
        ));
    }

    fn coordinates(&mut self, (lat, lng): (f64, f64)) {
        let (old_lat, old_lng) = (&self.mirror.lat, &self.mirror.lng);
        let (lat, lng) = (rounded(lat), rounded(lng));
        let value = |old: &Option<server::Decimal>| old.as_ref().and_then(server::Decimal::value);
        if value(old_lat) == Some(lat) && value(old_lng) == Some(lng) {
            return;
        }
        let text = |old: &Option<server::Decimal>| {
            let text = old.as_ref().map(|decimal| decimal.0.clone());
            text.unwrap_or_else(|| "None".to_owned())
        };
        self.lines.push(format!(
            "updating geographical coordinates ({} {} -> {lat:?} {lng:?})",
            text(old_lat),
            text(old_lng)
        ));
        self.change(Column::Lat, lat.to_string());
        self.change(Column::Lng, lng.to_string());
    }

    fn code(&mut self, what: &str, column: Column, old: &str, new: &str) {
        let new = new.to_lowercase();
        if old != new {
            self.lines.push(format!("updating {what} ({old} -> {new})"));
            self.change(column, new);
        }
    }
}
