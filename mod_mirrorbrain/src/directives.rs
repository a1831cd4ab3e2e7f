//! The directive table. The reference in the README is held against it by a test.

mod database;
mod directory;
mod server;
mod value;

use crate::MirrorBrain;
use apache::Args::{All, Flag, Iterate, One, OneOrTwo, Raw, Three, Two};
use apache::{Args, Context, Directive, Setter};
use database as db;
use directory as dir;
use server as srv;
use std::ffi::CStr;

type Entry = Directive<MirrorBrain>;

const fn section(
    name: &'static CStr,
    context: Context,
    args: Args,
    set: dir::Set,
    help: &'static CStr,
) -> Entry {
    Directive::new(name, context, args, Setter::Directory(set), help)
}

const fn section_flag(name: &'static CStr, context: Context, set: dir::SetFlag) -> Entry {
    Directive::new(
        name,
        context,
        Flag,
        Setter::DirectoryFlag(set),
        c"On or Off",
    )
}

const fn server(name: &'static CStr, args: Args, set: srv::Set, help: &'static CStr) -> Entry {
    Directive::new(name, Context::SERVER, args, Setter::Server(set), help)
}

const fn server_flag(name: &'static CStr, set: srv::SetFlag) -> Entry {
    Directive::new(
        name,
        Context::SERVER,
        Flag,
        Setter::ServerFlag(set),
        c"On or Off",
    )
}

/// A neighbour's directive: read where it means something to us, accepted everywhere the
/// neighbour accepts it.
const fn ignored(name: &'static CStr, context: Context) -> Entry {
    Directive::new(name, context, Raw, Setter::Ignore, c"accepted and ignored")
}

const DIR: Context = Context::DIRECTORY;
const OPT: Context = Context::OPTIONS;
const ANY: Context = Context::CONFIGURATION;

/// All directives but mod_dbd's, in the order of the README.
pub const DIRECTIVES: &[Entry] = &[
    Directive::new(
        c"MirrorBrainEngine",
        DIR,
        Flag,
        Setter::NotedFlag(dir::engine),
        c"On or Off",
    ),
    section_flag(c"MirrorBrainDebug", DIR, dir::debug),
    section(
        c"MirrorBrainMinSize",
        OPT,
        One,
        dir::min_size,
        c"size in bytes",
    ),
    section(
        c"MirrorBrainExcludeMimeType",
        OPT,
        One,
        dir::exclude_type,
        c"MIME type, wildcards",
    ),
    section(
        c"MirrorBrainExcludeUserAgent",
        OPT,
        One,
        dir::exclude_agent,
        c"user agent, wildcards",
    ),
    section(
        c"MirrorBrainExcludeNetwork",
        OPT,
        One,
        dir::exclude_network,
        c"address prefix or CIDR",
    ),
    section(
        c"MirrorBrainExcludeIP",
        OPT,
        One,
        dir::exclude_address,
        c"IP address",
    ),
    section(
        c"MirrorBrainExcludeFileMask",
        DIR,
        One,
        dir::exclude_files,
        c"regular expression",
    ),
    section(
        c"MirrorBrainVolatileFileMask",
        DIR,
        One,
        dir::volatile_files,
        c"regular expression",
    ),
    section(
        c"MirrorBrainHashMaxSize",
        ANY,
        One,
        dir::hash_max_size,
        c"size in bytes",
    ),
    section(
        c"MirrorBrainRetryTime",
        ANY,
        One,
        dir::retry_time,
        c"seconds",
    ),
    section_flag(
        c"MirrorBrainHandleHEADRequestLocally",
        OPT,
        dir::head_locally,
    ),
    section(
        c"MirrorBrainMetalinkTorrentAddMask",
        DIR,
        One,
        dir::torrent_mask,
        c"regular expression",
    ),
    section(
        c"MirrorBrainFallback",
        DIR,
        Three,
        dir::fallback,
        c"region country URL",
    ),
    section(
        c"MirrorBrainRedirectStampKey",
        DIR,
        One,
        dir::stamp_key,
        c"secret key",
    ),
    section(
        c"MirrorBrainTrusted",
        DIR,
        Iterate,
        dir::trusted,
        c"addresses or networks (CIDR)",
    ),
    section(
        c"MirrorBrainDistance",
        DIR,
        One,
        dir::distance,
        c"planar or great-circle",
    ),
    section(
        c"MirrorBrainSpread",
        OPT,
        OneOrTwo,
        dir::spread,
        c"off, near or cache, and kilometres",
    ),
    section(
        c"MirrorBrainCompatible",
        ANY,
        One,
        dir::compatible,
        c"2.19 or Off",
    ),
    server(
        c"MirrorBrainDBDQuery",
        One,
        db::mirror_query,
        c"SQL query for the mirrors of a file",
    ),
    server(
        c"MirrorBrainDBDQueryHash",
        One,
        db::hash_query,
        c"SQL query for the hashes of a file",
    ),
    server(
        c"MirrorBrainMetalinkPublisher",
        Two,
        srv::publisher,
        c"name and URL",
    ),
    server_flag(c"MirrorBrainMetalinkMagnetLinks", srv::magnet_links),
    server(
        c"MirrorBrainMetalinkBrokenTestMirrors",
        One,
        srv::broken_mirrors,
        c"file name",
    ),
    server(
        c"MirrorBrainTorrentTrackerURL",
        One,
        srv::tracker,
        c"URL of a tracker",
    ),
    server(c"MirrorBrainDHTNode", Two, srv::dht_node, c"host and port"),
    server(
        c"MirrorBrainYumDir",
        All,
        srv::yum_dir,
        c"arg=regex ... basedir file",
    ),
    server(
        c"MirrorBrainAptDir",
        All,
        srv::apt_dir,
        c"arg=regex ... basedir file",
    ),
    server(
        c"MirrorBrainMirrorlistStyleSheet",
        One,
        srv::style_sheet,
        c"URL of a style sheet",
    ),
    server(
        c"MirrorBrainMirrorlistHeader",
        One,
        srv::page_header,
        c"file name",
    ),
    server(
        c"MirrorBrainMirrorlistFooter",
        One,
        srv::page_footer,
        c"file name",
    ),
    server_flag(
        c"MirrorBrainHashesSuppressFilenames",
        srv::suppress_file_names,
    ),
    server(c"MirrorBrainInstance", One, srv::instance, c"name"),
    server_flag(c"MirrorBrainMemcached", srv::memcached),
    server(
        c"MirrorBrainMemcachedLifeTime",
        One,
        srv::memcached_lifetime,
        c"seconds",
    ),
    server(
        c"MirrorBrainGeoDatabase",
        One,
        srv::geo_database,
        c"name of an .mmdb file",
    ),
    server(
        c"MirrorBrainCacheTTL",
        One,
        db::cache_ttl,
        c"seconds, 0 for no cache",
    ),
    server(c"MirrorBrainCacheStale", One, db::cache_stale, c"seconds"),
    server(
        c"MirrorBrainCacheSize",
        One,
        db::cache_size,
        c"bytes per child",
    ),
    server(
        c"MirrorBrainMaxLargeDocuments",
        One,
        srv::max_large,
        c"documents with sums that a child sends at a time",
    ),
    server(
        c"MirrorBrainMetalinkHashesPathPrefix",
        Raw,
        srv::hashes_path_prefix,
        c"obsolete",
    ),
    // mod_form
    section_flag(c"FormGET", Context::ALL, dir::form_get),
    ignored(c"FormPOST", Context::ALL),
    ignored(c"FormMaxSize", Context::ALL),
    ignored(c"FormDelim", Context::ALL),
    // mod_memcache
    server(
        c"MemcacheServer",
        All,
        srv::memcache_server,
        c"host:port [min= smax= max= ttl=]",
    ),
];
