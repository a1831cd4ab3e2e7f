//! `mb geoiplookup_continent` and `mb geoiplookup_city`, which are programs of their own in the
//! original: under those names this program does the same.

use crate::cli::Facts;
use crate::error::Failure;
use crate::host::Host;
use crate::places;
use crate::session::Session;
use clap::Args;
use geo_db::City;
use std::net::IpAddr;
use std::path::PathBuf;

/// Arguments of both.
#[derive(Debug, Args)]
pub struct Arguments {
    /// An IPv4 or IPv6 address, or the name of a host
    address: String,

    /// The mmdb file [default: maxmind_city_db of mirrorbrain.conf]
    #[arg(short, long = "file", value_name = "FILE")]
    file: Option<PathBuf>,

    #[command(flatten)]
    facts: Facts,
}

pub(super) fn continent(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let (_, found) = look_up(arguments, session)?;
    let continent = found.and_then(|city| city.continent);
    if arguments.facts.json {
        session.out.json(&continent)?;
    } else {
        session.out.line(continent.as_deref().unwrap_or("--"))?;
    }
    match continent {
        Some(_) => Ok(()),
        None => Err(Failure::new(format!(
            "nobody knows where {} is",
            arguments.address
        ))),
    }
}

pub(super) fn city(arguments: &Arguments, session: &mut Session) -> Result<(), Failure> {
    let (file, found) = look_up(arguments, session)?;
    let out = &mut session.out;
    let Some(city) = found else {
        out.line(format_args!("{}: IP Address not found", file.display()))?;
        return Err(Failure::new(format!(
            "nobody knows where {} is",
            arguments.address
        )));
    };
    if arguments.facts.json {
        out.json(&city)?;
        return Ok(());
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (latitude, longitude) = city.coordinates.unwrap_or_default();
    for (name, value) in [
        ("Continent", text(&city.continent)),
        ("Country", text(&city.country)),
        ("Region id", text(&city.region_code)),
        ("Region", text(&city.region)),
        ("City", text(&city.city)),
        ("Latitude", format!("{latitude:.6}")),
        ("Longitude", format!("{longitude:.6}")),
    ] {
        out.line(format_args!("{name}: {value}"))?;
    }
    Ok(())
}

fn look_up(
    arguments: &Arguments,
    session: &mut Session,
) -> Result<(PathBuf, Option<City>), Failure> {
    let file = match &arguments.file {
        Some(file) => file.clone(),
        None => session.config()?.city_db.clone(),
    };
    let name = &arguments.address;
    let host = Host::look_up(name).map_err(|e| Failure::new(format!("{name}: {e}")))?;
    let address: IpAddr = host.address();
    let found = places::open(&file)?.city(address);
    Ok((file, found))
}
