//! `mb iplookup`

use crate::cli::Facts;
use crate::error::Failure;
use crate::host::Host;
use crate::places::Places;
use crate::session::{Session, warn};
use clap::Args;
use serde::Serialize;
use std::fmt::Display;
use std::net::IpAddr;

/// Arguments of `mb iplookup`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// An IPv4 or IPv6 address, or the name of a host
    address: String,

    /// Print the number of the autonomous system only; it counts more than the next
    #[arg(short, long)]
    asn: bool,

    /// Print the network only
    #[arg(short, long)]
    prefix: bool,

    /// Print also all networks of that autonomous system
    #[arg(long)]
    all_prefixes: bool,

    #[command(flatten)]
    facts: Facts,
}

#[derive(Serialize)]
struct Found {
    address: IpAddr,
    ipv6: Option<IpAddr>,
    prefix: Option<String>,
    asn: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    all_prefixes: Option<Vec<String>>,
}

pub(super) fn run(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let name = &arguments.address;
    let host = Host::look_up(name).map_err(|e| Failure::new(format!("{name}: {e}")))?;
    host.warning().into_iter().for_each(warn);
    let found = look_up(arguments, &host, session)?;
    let out = &mut session.out;
    if arguments.facts.json {
        out.json(&found)?;
        return Ok(());
    }
    let (prefix, asn) = (or_none(found.prefix.as_ref()), or_none(found.asn));
    if arguments.asn {
        out.line(asn)?;
    } else if arguments.prefix {
        out.line(prefix)?;
    } else {
        out.line(format_args!("{prefix} (AS{asn}) {}", or_none(found.ipv6)))?;
    }
    if let Some(all) = found.all_prefixes {
        out.line(all.join(", "))?;
    }
    Ok(())
}

fn look_up(arguments: &Arguments, host: &Host, session: &mut Session) -> Result<Found, Failure> {
    let places = Places::of(session)?;
    let connection = session.connection()?;
    let network = places.network(connection, host.address())?;
    let all_prefixes = match &network {
        Some(network) if arguments.all_prefixes => {
            Some(places.networks_of(connection, network.asn)?)
        }
        _ => None,
    };
    Ok(Found {
        address: host.address(),
        ipv6: host.ipv6(),
        asn: network.as_ref().map(|network| network.asn),
        prefix: network.map(|network| network.prefix),
        all_prefixes,
    })
}

/// As the original shows what it does not know.
fn or_none(value: Option<impl Display>) -> String {
    value.map_or_else(|| "None".to_owned(), |value| value.to_string())
}
