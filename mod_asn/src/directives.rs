//! The module's directives.

use crate::Asn;
use crate::config::{DirectoryConfig, Origin, ServerConfig};
use apache::argument::{c_str, seconds, wrong};
use apache::{Args, Command, Context, Directive, SetResult, Setter};
use mirror_db::CustomQuery;
use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// All directives but those of mod_dbd.
pub const DIRECTIVES: &[Directive<Asn>] = &[
    flag(
        c"ASLookup",
        Setter::NotedFlag(set_lookup),
        c"On to look up the network and the AS of clients",
    ),
    flag(
        c"ASLookupDebug",
        Setter::DirectoryFlag(set_debug),
        c"On to log each look-up",
    ),
    flag(
        c"ASSetHeaders",
        Setter::DirectoryFlag(set_headers),
        c"On to tell clients in X-Prefix and X-AS",
    ),
    one(
        c"ASLookupQuery",
        set_query,
        c"SQL query for prefix and AS number of an address",
    ),
    one(
        c"ASLookupDatabase",
        set_database,
        c".mmdb file with AS numbers",
    ),
    one(
        c"ASLookupRefresh",
        set_refresh,
        c"seconds until a change of the table is seen",
    ),
    one(
        c"ASIPHeader",
        set_header,
        c"request header with the client's address",
    ),
    one(
        c"ASIPEnvvar",
        set_variable,
        c"environment variable with the client's address",
    ),
];

const fn flag(name: &'static CStr, setter: Setter<Asn>, help: &'static CStr) -> Directive<Asn> {
    Directive::new(name, Context::DIRECTORY, Args::Flag, setter, help)
}

const fn one(
    name: &'static CStr,
    set: fn(&mut ServerConfig, &Command<'_>, &[&CStr]) -> SetResult,
    help: &'static CStr,
) -> Directive<Asn> {
    Directive::new(name, Context::SERVER, Args::One, Setter::Server(set), help)
}

fn set_lookup(
    directory: &mut DirectoryConfig,
    server: &mut ServerConfig,
    _: &Command<'_>,
    on: bool,
) -> SetResult {
    directory.lookup = Some(on);
    server.in_use |= on;
    server.used_here |= on;
    Ok(())
}

fn set_debug(directory: &mut DirectoryConfig, _: &Command<'_>, on: bool) -> SetResult {
    directory.debug = Some(on);
    Ok(())
}

fn set_headers(directory: &mut DirectoryConfig, _: &Command<'_>, on: bool) -> SetResult {
    directory.set_headers = Some(on);
    Ok(())
}

fn set_query(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    let sql = c_str(args, 0).to_string_lossy();
    let query = CustomQuery::parse(&sql, 1).map_err(|error| wrong(command, &sql, error))?;
    set_origin(server, command, &sql, Origin::Query(Arc::new(query)))
}

fn set_database(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    let file = c_str(args, 0);
    let path = command.server_root_relative(file).ok_or_else(|| {
        wrong(
            command,
            &file.to_string_lossy(),
            "is not a path below ServerRoot",
        )
    })?;
    let path = Path::new(OsStr::from_bytes(path.to_bytes()));
    set_origin(
        server,
        command,
        &file.to_string_lossy(),
        Origin::File(path.into()),
    )
}

fn set_origin(
    server: &mut ServerConfig,
    command: &Command<'_>,
    value: &str,
    origin: Origin,
) -> SetResult {
    match (&server.origin, &origin) {
        (Some(Origin::Query(_)), Origin::File(_)) | (Some(Origin::File(_)), Origin::Query(_)) => {
            let why = "only one of ASLookupQuery and ASLookupDatabase can answer";
            Err(wrong(command, value, why))
        }
        _ => {
            server.origin = Some(origin);
            Ok(())
        }
    }
}

fn set_refresh(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.refresh = Some(seconds(command, args, 1)?);
    Ok(())
}

fn set_header(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.header = Some(name(command, args)?);
    Ok(())
}

fn set_variable(server: &mut ServerConfig, command: &Command<'_>, args: &[&CStr]) -> SetResult {
    server.variable = Some(name(command, args)?);
    Ok(())
}

fn name(command: &Command<'_>, args: &[&CStr]) -> Result<Arc<CStr>, String> {
    let name = c_str(args, 0);
    let good = |b: &u8| b.is_ascii_graphic() && *b != b':' && *b != b'=';
    if !name.to_bytes().iter().all(good) {
        return Err(wrong(command, &name.to_string_lossy(), "is not a name"));
    }
    Ok(name.into())
}
