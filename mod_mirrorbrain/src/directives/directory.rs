//! Setters of the directory record.

use super::value::regex;
use crate::config::{DirectoryConfig, Network, ServerConfig};
use crate::mask::Mask;
use apache::argument::{c_str, number, secret, text, wrong};
use apache::{Command, SetResult};
use ipnet::IpNet;
use mirror_selection::{Mirror, Spread};
use std::ffi::CStr;
use std::net::IpAddr;
use std::sync::Arc;

/// A setter with arguments.
pub type Set = fn(&mut DirectoryConfig, &Command<'_>, &[&CStr]) -> SetResult;
/// A setter of a flag.
pub type SetFlag = fn(&mut DirectoryConfig, &Command<'_>, bool) -> SetResult;

pub fn engine(
    directory: &mut DirectoryConfig,
    server: &mut ServerConfig,
    command: &Command<'_>,
    on: bool,
) -> SetResult {
    server.used_here |= on;
    directory.engine = Some(on);
    directory.set_base(command.directory().filter(|_| on));
    Ok(())
}

pub fn debug(directory: &mut DirectoryConfig, _: &Command<'_>, on: bool) -> SetResult {
    directory.debug = Some(on);
    Ok(())
}

pub fn form_get(directory: &mut DirectoryConfig, _: &Command<'_>, on: bool) -> SetResult {
    directory.form_get = Some(on);
    Ok(())
}

pub fn head_locally(directory: &mut DirectoryConfig, _: &Command<'_>, on: bool) -> SetResult {
    directory.head_locally = Some(on);
    Ok(())
}

pub fn min_size(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    directory.min_size = Some(number(command, args, 0, "bytes")?);
    Ok(())
}

pub fn exclude_type(directory: &mut DirectoryConfig, _: &Command<'_>, args: &[&CStr]) -> SetResult {
    directory.excluded_types.push(c_str(args, 0).into());
    Ok(())
}

pub fn exclude_agent(
    directory: &mut DirectoryConfig,
    _: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    directory.excluded_agents.push(c_str(args, 0).into());
    Ok(())
}

pub fn exclude_network(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let value = text(command, args, 0)?;
    let network = if value.is_empty() {
        // The beginning of every address: surely a slip.
        return Err(wrong(command, value, "is not the beginning of an address"));
    } else if value.contains('/') {
        Network::Prefix(prefix(command, value)?)
    } else {
        Network::Text(value.into())
    };
    directory.excluded_networks.push(network);
    Ok(())
}

pub fn exclude_address(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let value = text(command, args, 0)?;
    match value.parse::<IpAddr>() {
        Ok(address) => directory.excluded_addresses.push(address.to_canonical()),
        Err(_) => return Err(wrong(command, value, "is not an IP address")),
    }
    Ok(())
}

pub fn exclude_files(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    directory.excluded_files = Some(Arc::new(Mask::new(regex(command, args)?)));
    Ok(())
}

pub fn volatile_files(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    directory.volatile_files = Some(Arc::new(Mask::new(regex(command, args)?)));
    Ok(())
}

/// A request waits while a file is hashed, so that there is a limit: a tenth of a second or so.
const LARGEST_HASH_MAX_SIZE: u64 = 64 << 20;

pub fn hash_max_size(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let size = number(command, args, 0, "bytes")?;
    if size > LARGEST_HASH_MAX_SIZE {
        let most = format!("is more than {LARGEST_HASH_MAX_SIZE} bytes");
        return Err(wrong(command, text(command, args, 0)?, most));
    }
    directory.hash_max_size = Some(size);
    Ok(())
}

/// Later no client still waits for its file.
const LONGEST_RETRY_TIME: u16 = 3600;

pub fn retry_time(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let time = number(command, args, 0, "seconds")?;
    if time > LONGEST_RETRY_TIME {
        let most = format!("is more than {LONGEST_RETRY_TIME} seconds");
        return Err(wrong(command, text(command, args, 0)?, most));
    }
    directory.retry_time = Some(time);
    Ok(())
}

pub fn torrent_mask(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    directory.torrent_mask = Some(regex(command, args)?);
    Ok(())
}

pub fn fallback(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let (region, country) = (text(command, args, 0)?, text(command, args, 1)?);
    let url = text(command, args, 2)?;
    match Mirror::fallback(region, country, url) {
        Some(mirror) => directory.fallbacks.push(mirror),
        None => return Err(wrong(command, url, "is not a URL with a scheme and a host")),
    }
    Ok(())
}

pub fn stamp_key(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    directory.stamp_key = Some(secret(command, args)?.into());
    Ok(())
}

pub fn trusted(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    directory
        .trusted
        .push(prefix(command, text(command, args, 0)?)?);
    Ok(())
}

pub fn distance(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let value = text(command, args, 0)?;
    let distance = value
        .parse()
        .map_err(|problem| wrong(command, value, problem))?;
    directory.distance = Some(distance);
    Ok(())
}

pub fn spread(directory: &mut DirectoryConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    let mode = text(command, args, 0)?;
    let km = (args.len() > 1)
        .then(|| text(command, args, 1))
        .transpose()?;
    let spread = Spread::parse(mode, km).map_err(|problem| {
        let value = km.map_or(mode.into(), |km| format!("{mode} {km}"));
        wrong(command, &value, problem)
    })?;
    directory.spread = Some(spread);
    Ok(())
}

pub fn compatible(
    directory: &mut DirectoryConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let value = text(command, args, 0)?;
    directory.compatible = match value {
        "2.19" => Some(true),
        _ if value.eq_ignore_ascii_case("off") => Some(false),
        _ => return Err(wrong(command, value, "must be 2.19 or Off")),
    };
    Ok(())
}

/// A network in CIDR notation, or an address, which is a network of one.
fn prefix(command: &Command<'_>, value: &str) -> Result<IpNet, String> {
    value
        .parse::<IpNet>()
        .or_else(|_| value.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| wrong(command, value, "is not an IP address or network (CIDR)"))
}
