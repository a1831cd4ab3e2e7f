//! Setters of the server record, apart from those of the database.

use super::value::file;
use crate::config::{ServerConfig, YumPattern, YumRule};
use apache::argument::{c_str, number, seconds, text, wrong};
use apache::{Command, Regex, SetResult};
use representation::yum::Format;
use representation::{DhtNode, Publisher};
use std::ffi::{CStr, CString};
use std::sync::Arc;

/// A setter with arguments.
pub type Set = fn(&mut ServerConfig, &Command<'_>, &[&CStr]) -> SetResult;
/// A setter of a flag.
pub type SetFlag = fn(&mut ServerConfig, &Command<'_>, bool) -> SetResult;

/// mod_memcache's port, if none is given.
const MEMCACHED_PORT: u16 = 11211;

pub fn publisher(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    let (name, url) = (text(command, args, 0)?, text(command, args, 1)?);
    server.publisher = Some(Arc::new(Publisher {
        name: name.to_owned(),
        url: url.to_owned(),
    }));
    Ok(())
}

pub fn magnet_links(server: &mut ServerConfig, _: &Command<'_>, on: bool) -> SetResult {
    server.magnet_links = Some(on);
    Ok(())
}

pub fn broken_mirrors(
    server: &mut ServerConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    server.broken_mirrors = Some(file(command, args)?);
    Ok(())
}

pub fn tracker(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    let url = text(command, args, 0)?;
    if url.is_empty() {
        return Err(wrong(command, url, "is not a URL"));
    }
    server.trackers.push(url.to_owned());
    Ok(())
}

pub fn dht_node(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    let (host, port) = (text(command, args, 0)?, text(command, args, 1)?);
    if host.is_empty() {
        return Err(wrong(command, host, "is not a host"));
    }
    match port.parse::<u16>() {
        Ok(port) if port > 0 => server.dht_nodes.push(DhtNode {
            host: host.to_owned(),
            port,
        }),
        _ => return Err(wrong(command, port, "is not a port, 1 to 65535")),
    }
    Ok(())
}

pub fn yum_dir(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    list_rule(server, command, args, Format::Yum)
}

pub fn apt_dir(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    list_rule(server, command, args, Format::Apt)
}

fn list_rule(
    server: &mut ServerConfig,
    command: &Command<'_>,
    args: &[&CStr],
    format: Format,
) -> SetResult {
    let words = (0..args.len())
        .map(|i| text(command, args, i))
        .collect::<Result<Vec<_>, _>>()?;
    let compile = |pattern: &str| {
        let pattern = CString::new(pattern).ok()?;
        Some(YumPattern(Arc::new(Regex::new(&pattern).ok()?)))
    };
    let rule = YumRule::parse(&words, compile)
        .map_err(|problem| format!("{}: {problem}", command.name()))?;
    server.yum_rules.push(Arc::new(rule.in_format(format)));
    Ok(())
}

pub fn style_sheet(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.style_sheet = Some(text(command, args, 0)?.into());
    Ok(())
}

pub fn page_header(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.page_header = Some(file(command, args)?);
    Ok(())
}

pub fn page_footer(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.page_footer = Some(file(command, args)?);
    Ok(())
}

pub fn suppress_file_names(server: &mut ServerConfig, _: &Command<'_>, on: bool) -> SetResult {
    server.suppress_file_names = Some(on);
    Ok(())
}

pub fn instance(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    let name = text(command, args, 0)?;
    // It becomes part of a memcached key.
    if name.is_empty() || name.len() > 100 || !name.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(wrong(
            command,
            name,
            "is not a name of 1 to 100 visible ASCII characters",
        ));
    }
    server.instance = Some(name.into());
    Ok(())
}

pub fn memcached(server: &mut ServerConfig, _: &Command<'_>, on: bool) -> SetResult {
    server.memcached = Some(on);
    Ok(())
}

pub fn memcached_lifetime(
    server: &mut ServerConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    server.memcached_lifetime = Some(seconds(command, args, 1)?);
    Ok(())
}

pub fn memcache_server(
    server: &mut ServerConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    let value = text(command, args, 0)?;
    let (host, port) = match value.rsplit_once(':') {
        // An IPv6 address has to be in brackets, or its last group would be the port.
        Some((host, _)) if host.contains(':') && !host.ends_with(']') => ("", None),
        Some((host, port)) => (host, port.parse::<u16>().ok().filter(|&port| port > 0)),
        None => (value, Some(MEMCACHED_PORT)),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    match port {
        Some(port) if !host.is_empty() => {
            server.memcached_servers.push(stickiness::Server {
                host: host.to_owned(),
                port,
            });
            Ok(())
        }
        _ => Err(wrong(command, value, "is not host:port")),
    }
}

pub fn geo_database(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.geo_database = Some(file(command, args)?);
    Ok(())
}

pub fn max_large(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.max_large = Some(number(command, args, 1, "documents")?);
    Ok(())
}

pub fn hashes_path_prefix(
    _: &mut ServerConfig,
    command: &Command<'_>,
    args: &[&CStr],
) -> SetResult {
    Err(wrong(
        command,
        &c_str(args, 0).to_string_lossy(),
        "has no effect: hashes come from the database. Remove this obsolete directive",
    ))
}
