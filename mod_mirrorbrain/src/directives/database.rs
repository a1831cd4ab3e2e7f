//! Setters of the server record that concern the database.

use crate::config::ServerConfig;
use apache::argument::{number, seconds, text, wrong};
use apache::{Command, SetResult};
use mirror_db::CustomQuery;
use std::ffi::CStr;
use std::sync::Arc;

/// Parameters that the queries are given: the path; or path, size and mtime.
const MIRROR_QUERY_PARAMETERS: usize = 1;
const HASH_QUERY_PARAMETERS: usize = 3;

pub fn mirror_query(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.mirror_query = Some(query(command, args, MIRROR_QUERY_PARAMETERS)?);
    Ok(())
}

pub fn hash_query(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.hash_query = Some(query(command, args, HASH_QUERY_PARAMETERS)?);
    Ok(())
}

fn query(
    command: &Command<'_>,
    args: &[&CStr],
    parameters: usize,
) -> Result<Arc<CustomQuery>, String> {
    let sql = text(command, args, 0)?;
    CustomQuery::parse(sql, parameters)
        .map(Arc::new)
        .map_err(|problem| wrong(command, sql, problem))
}

pub fn cache_ttl(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.cache_ttl = Some(seconds(command, args, 0)?);
    Ok(())
}

pub fn cache_stale(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.cache_stale = Some(seconds(command, args, 0)?);
    Ok(())
}

pub fn cache_size(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.cache_bytes = Some(number(command, args, 0, "bytes")?);
    Ok(())
}
