//! Every directive of the reference: values that are taken, and what is said to those that are not.

use std::collections::BTreeSet;

use harness::httpd::{Builder, Httpd};

use crate::reference;

/// The modules whose directives are listed here.
const MODULES: [&str; 2] = ["asn", "mirrorbrain"];

/// Inside `<Directory>`.
const DIRECTORY: bool = true;
/// Outside of sections.
const SERVER: bool = false;

const GOOD: &[(bool, &str)] = &[
    (DIRECTORY, "MirrorBrainEngine On"),
    (DIRECTORY, "MirrorBrainDebug Off"),
    (DIRECTORY, "MirrorBrainMinSize 0"),
    (SERVER, "MirrorBrainMinSize 5000000000"),
    (DIRECTORY, "MirrorBrainExcludeMimeType application/*"),
    (SERVER, "MirrorBrainExcludeUserAgent \"rpm/4.4.2*\""),
    (DIRECTORY, "MirrorBrainExcludeNetwork 192.168."),
    (DIRECTORY, "MirrorBrainExcludeNetwork 192.168.0.0/16"),
    (DIRECTORY, "MirrorBrainExcludeNetwork 2001:db8::/32"),
    (DIRECTORY, "MirrorBrainExcludeIP 192.0.2.1"),
    (DIRECTORY, "MirrorBrainExcludeIP 2001:db8::1"),
    (
        DIRECTORY,
        "MirrorBrainExcludeFileMask \"\\.(?!iso)[a-z]+$\"",
    ),
    (
        DIRECTORY,
        "MirrorBrainVolatileFileMask \"/(repomd\\.xml|InRelease)$\"",
    ),
    (SERVER, "MirrorBrainHashMaxSize 0"),
    (DIRECTORY, "MirrorBrainHashMaxSize 67108864"),
    (SERVER, "MirrorBrainRetryTime 0"),
    (DIRECTORY, "MirrorBrainRetryTime 3600"),
    (SERVER, "MirrorBrainHandleHEADRequestLocally On"),
    (DIRECTORY, "MirrorBrainMetalinkTorrentAddMask \"\\.iso$\""),
    (
        DIRECTORY,
        "MirrorBrainFallback eu de https://cdn.example.org/pub",
    ),
    (DIRECTORY, "MirrorBrainRedirectStampKey secret"),
    (DIRECTORY, "MirrorBrainTrusted 127.0.0.1 2001:db8::/32"),
    (DIRECTORY, "MirrorBrainDistance planar"),
    (DIRECTORY, "MirrorBrainDistance great-circle"),
    (SERVER, "MirrorBrainSpread near"),
    (DIRECTORY, "MirrorBrainSpread cache 20000"),
    (DIRECTORY, "MirrorBrainSpread off"),
    (SERVER, "MirrorBrainCompatible Off"),
    (DIRECTORY, "MirrorBrainCompatible 2.19"),
    (
        SERVER,
        "MirrorBrainDBDQuery \"SELECT 1 FROM f WHERE path = %s AND x LIKE 'a%%'\"",
    ),
    (
        SERVER,
        "MirrorBrainDBDQueryHash \"SELECT 1 FROM f WHERE a = %s AND b = %lld AND c = %lld\"",
    ),
    (
        SERVER,
        "MirrorBrainMetalinkPublisher \"Oranges, Inc.\" http://juice.example.com/",
    ),
    (SERVER, "MirrorBrainMetalinkMagnetLinks On"),
    (SERVER, "MirrorBrainMetalinkBrokenTestMirrors conf/broken"),
    (
        SERVER,
        "MirrorBrainTorrentTrackerURL udp://bt.example.org:8091/announce",
    ),
    (SERVER, "MirrorBrainDHTNode router.example.com 65535"),
    (
        SERVER,
        "MirrorBrainYumDir release=(5\\.5) repo=(os|updates) yum/$1/$2 repodata/repomd.xml",
    ),
    (
        SERVER,
        "MirrorBrainAptDir dist=(bookworm|trixie) debian dists/$1/InRelease",
    ),
    (SERVER, "MirrorBrainMirrorlistStyleSheet /style.css"),
    (SERVER, "MirrorBrainMirrorlistHeader /srv/www/header.html"),
    (SERVER, "MirrorBrainMirrorlistFooter footer.html"),
    (SERVER, "MirrorBrainHashesSuppressFilenames On"),
    (SERVER, "MirrorBrainInstance project"),
    (SERVER, "MirrorBrainMemcached On"),
    (SERVER, "MirrorBrainMemcachedLifeTime 1"),
    (
        SERVER,
        "MirrorBrainGeoDatabase /var/lib/GeoIP/GeoLite2-City.mmdb",
    ),
    (SERVER, "MirrorBrainCacheTTL 0"),
    (SERVER, "MirrorBrainCacheStale 86400"),
    (SERVER, "MirrorBrainCacheSize 1000000"),
    (SERVER, "MirrorBrainMaxLargeDocuments 1"),
    (DIRECTORY, "ASLookup On"),
    (DIRECTORY, "ASLookupDebug Off"),
    (DIRECTORY, "ASSetHeaders On"),
    (
        SERVER,
        "ASLookupQuery \"SELECT pfx, asn FROM pfx2asn WHERE pfx >>= ip4r(%s)\"",
    ),
    (SERVER, "ASLookupDatabase GeoLite2-ASN.mmdb"),
    (SERVER, "ASLookupRefresh 3600"),
    (SERVER, "ASIPHeader X-Forwarded-For"),
    (SERVER, "ASIPEnvvar CLIENT_ADDRESS"),
    (SERVER, "DBDriver pgsql"),
    (
        SERVER,
        "DBDParams \"host=127.0.0.1 port=5433 user='m b' dbname=mb connect_timeout=5\"",
    ),
    (
        SERVER,
        "DBDParams postgresql://mb@127.0.0.1:5433/mb?sslmode=prefer",
    ),
    (SERVER, "DBDMin 1"),
    (SERVER, "DBDKeep 2"),
    (SERVER, "DBDMax 8"),
    (SERVER, "DBDExptime 10"),
    (SERVER, "DBDPersist On"),
    (SERVER, "DBDPrepareSQL \"SELECT 1\" label"),
    (SERVER, "DBDInitSQL \"SELECT 1\""),
    (SERVER, "FormGET On"),
    (DIRECTORY, "FormPOST Off"),
    (DIRECTORY, "FormMaxSize 8"),
    (DIRECTORY, "FormDelim &"),
    (
        SERVER,
        "MemcacheServer 127.0.0.1:11211 min=0 smax=4 max=16 ttl=10",
    ),
];

const BAD: &[(bool, &str, &str)] = &[
    (
        DIRECTORY,
        "MirrorBrainEngine perhaps",
        "MirrorBrainEngine must be On or Off",
    ),
    (
        SERVER,
        "MirrorBrainEngine On",
        "MirrorBrainEngine not allowed here",
    ),
    (
        DIRECTORY,
        "MirrorBrainDebug 2",
        "MirrorBrainDebug must be On or Off",
    ),
    (
        DIRECTORY,
        "MirrorBrainMinSize -1",
        "MirrorBrainMinSize: \"-1\" is not a number of bytes, 0 or more",
    ),
    (
        DIRECTORY,
        "MirrorBrainMinSize 4k",
        "MirrorBrainMinSize: \"4k\" is not a number of bytes, 0 or more",
    ),
    (
        DIRECTORY,
        "MirrorBrainMinSize",
        "MirrorBrainMinSize takes one argument, size in bytes",
    ),
    (
        DIRECTORY,
        "MirrorBrainExcludeMimeType",
        "MirrorBrainExcludeMimeType takes one argument, MIME type, wildcards",
    ),
    (
        DIRECTORY,
        "MirrorBrainExcludeUserAgent a b",
        "MirrorBrainExcludeUserAgent takes one argument, user agent, wildcards",
    ),
    (
        DIRECTORY,
        "MirrorBrainExcludeNetwork 10.0.0.0/33",
        "MirrorBrainExcludeNetwork: \"10.0.0.0/33\" is not an IP address or network (CIDR)",
    ),
    (
        DIRECTORY,
        "MirrorBrainExcludeNetwork \"\"",
        "MirrorBrainExcludeNetwork takes one argument, address prefix or CIDR",
    ),
    (
        DIRECTORY,
        "MirrorBrainExcludeIP localhost",
        "MirrorBrainExcludeIP: \"localhost\" is not an IP address",
    ),
    (
        DIRECTORY,
        "MirrorBrainExcludeFileMask \"(\"",
        "MirrorBrainExcludeFileMask: \"(\" is not a valid regular expression",
    ),
    (
        SERVER,
        "MirrorBrainExcludeFileMask x",
        "MirrorBrainExcludeFileMask not allowed here",
    ),
    (
        DIRECTORY,
        "MirrorBrainVolatileFileMask \"(\"",
        "MirrorBrainVolatileFileMask: \"(\" is not a valid regular expression",
    ),
    (
        SERVER,
        "MirrorBrainHashMaxSize 1M",
        "MirrorBrainHashMaxSize: \"1M\" is not a number of bytes, 0 or more",
    ),
    (
        SERVER,
        "MirrorBrainHashMaxSize 67108865",
        "MirrorBrainHashMaxSize: \"67108865\" is more than 67108864 bytes",
    ),
    (
        SERVER,
        "MirrorBrainRetryTime 30s",
        "MirrorBrainRetryTime: \"30s\" is not a number of seconds, 0 or more",
    ),
    (
        SERVER,
        "MirrorBrainRetryTime 3601",
        "MirrorBrainRetryTime: \"3601\" is more than 3600 seconds",
    ),
    (
        DIRECTORY,
        "MirrorBrainHandleHEADRequestLocally maybe",
        "MirrorBrainHandleHEADRequestLocally must be On or Off",
    ),
    (
        DIRECTORY,
        "MirrorBrainMetalinkTorrentAddMask \"[\"",
        "MirrorBrainMetalinkTorrentAddMask: \"[\" is not a valid regular expression",
    ),
    (
        DIRECTORY,
        "MirrorBrainFallback eu de",
        "MirrorBrainFallback takes three arguments, region country URL",
    ),
    (
        DIRECTORY,
        "MirrorBrainFallback eu de /pub",
        "MirrorBrainFallback: \"/pub\" is not a URL with a scheme and a host",
    ),
    (
        DIRECTORY,
        "MirrorBrainFallback eu de http:///pub",
        "MirrorBrainFallback: \"http:///pub\" is not a URL with a scheme and a host",
    ),
    (
        DIRECTORY,
        "MirrorBrainRedirectStampKey",
        "MirrorBrainRedirectStampKey takes one argument, secret key",
    ),
    (
        DIRECTORY,
        "MirrorBrainTrusted friends.example.org",
        "MirrorBrainTrusted: \"friends.example.org\" is not an IP address or network (CIDR)",
    ),
    (
        DIRECTORY,
        "MirrorBrainDistance euclidean",
        "MirrorBrainDistance: \"euclidean\" must be planar or great-circle",
    ),
    (
        DIRECTORY,
        "MirrorBrainSpread far",
        "MirrorBrainSpread: \"far\" must be off, near or cache, the latter two with a distance of 1 to 20000 km if not 300",
    ),
    (
        SERVER,
        "MirrorBrainSpread near 0",
        "MirrorBrainSpread: \"near 0\" must be off, near or cache, the latter two with a distance of 1 to 20000 km if not 300",
    ),
    (
        SERVER,
        "MirrorBrainCompatible 2.18",
        "MirrorBrainCompatible: \"2.18\" must be 2.19 or Off",
    ),
    (
        SERVER,
        "MirrorBrainCompatible",
        "MirrorBrainCompatible takes one argument, 2.19 or Off",
    ),
    (
        SERVER,
        "MirrorBrainDBDQuery \"SELECT %s %s\"",
        "MirrorBrainDBDQuery: \"SELECT %s %s\" the statement has 2 parameters, but the directive passes only 1",
    ),
    (
        DIRECTORY,
        "MirrorBrainDBDQuery \"SELECT %s\"",
        "MirrorBrainDBDQuery not allowed in <Directory> context",
    ),
    (
        SERVER,
        "MirrorBrainDBDQueryHash \"SELECT %s %s %s %s\"",
        "MirrorBrainDBDQueryHash: \"SELECT %s %s %s %s\" the statement has 4 parameters, but the directive passes only 3",
    ),
    (
        SERVER,
        "MirrorBrainMetalinkPublisher Oranges",
        "MirrorBrainMetalinkPublisher takes two arguments, name and URL",
    ),
    (
        SERVER,
        "MirrorBrainMetalinkMagnetLinks some",
        "MirrorBrainMetalinkMagnetLinks must be On or Off",
    ),
    (
        SERVER,
        "MirrorBrainMetalinkBrokenTestMirrors \"\"",
        "MirrorBrainMetalinkBrokenTestMirrors takes one argument, file name",
    ),
    (
        SERVER,
        "MirrorBrainTorrentTrackerURL \"\"",
        "MirrorBrainTorrentTrackerURL takes one argument, URL of a tracker",
    ),
    (
        SERVER,
        "MirrorBrainDHTNode router.example.com",
        "MirrorBrainDHTNode takes two arguments, host and port",
    ),
    (
        SERVER,
        "MirrorBrainDHTNode router.example.com 0",
        "MirrorBrainDHTNode: \"0\" is not a port, 1 to 65535",
    ),
    (
        SERVER,
        "MirrorBrainDHTNode router.example.com 65536",
        "MirrorBrainDHTNode: \"65536\" is not a port, 1 to 65535",
    ),
    (
        SERVER,
        "MirrorBrainYumDir release=5 base",
        "MirrorBrainYumDir: needs at least one arg=regex, a base directory and a file",
    ),
    (
        SERVER,
        "MirrorBrainYumDir release=( base file",
        "MirrorBrainYumDir: \"(\" is no valid regular expression",
    ),
    (
        SERVER,
        "MirrorBrainYumDir release=5 base/$2 file",
        "MirrorBrainYumDir: \"$2\" in the base directory names no argument: there are 1, from $1",
    ),
    (
        SERVER,
        "MirrorBrainYumDir release=5 base/$0 file",
        "MirrorBrainYumDir: \"$0\" in the base directory names no argument: there are 1, from $1",
    ),
    (
        SERVER,
        "MirrorBrainYumDir base file",
        "MirrorBrainYumDir: needs at least one arg=regex, a base directory and a file",
    ),
    (
        SERVER,
        "MirrorBrainAptDir dist=bookworm debian dists/$2/InRelease",
        "MirrorBrainAptDir: \"$2\" in the file names no argument: there are 1, from $1",
    ),
    (
        SERVER,
        "MirrorBrainMirrorlistStyleSheet",
        "MirrorBrainMirrorlistStyleSheet takes one argument, URL of a style sheet",
    ),
    (
        SERVER,
        "MirrorBrainMirrorlistHeader \"\"",
        "MirrorBrainMirrorlistHeader takes one argument, file name",
    ),
    (
        SERVER,
        "MirrorBrainMirrorlistFooter \"\"",
        "MirrorBrainMirrorlistFooter takes one argument, file name",
    ),
    (
        SERVER,
        "MirrorBrainHashesSuppressFilenames 1",
        "MirrorBrainHashesSuppressFilenames must be On or Off",
    ),
    (
        SERVER,
        "MirrorBrainInstance \"two words\"",
        "MirrorBrainInstance: \"two words\" is not a name of 1 to 100 visible ASCII characters",
    ),
    (
        SERVER,
        "MirrorBrainMemcached yes",
        "MirrorBrainMemcached must be On or Off",
    ),
    (
        SERVER,
        "MirrorBrainMemcachedLifeTime 0",
        "MirrorBrainMemcachedLifeTime: \"0\" is not a number of seconds, 1 or more",
    ),
    (
        SERVER,
        "MirrorBrainGeoDatabase \"\"",
        "MirrorBrainGeoDatabase takes one argument, name of an .mmdb file",
    ),
    (
        SERVER,
        "MirrorBrainCacheTTL -1",
        "MirrorBrainCacheTTL: \"-1\" is not a number of seconds, 0 or more",
    ),
    (
        SERVER,
        "MirrorBrainCacheStale day",
        "MirrorBrainCacheStale: \"day\" is not a number of seconds, 0 or more",
    ),
    (
        SERVER,
        "MirrorBrainCacheSize 64M",
        "MirrorBrainCacheSize: \"64M\" is not a number of bytes, 0 or more",
    ),
    (
        SERVER,
        "MirrorBrainMaxLargeDocuments 0",
        "MirrorBrainMaxLargeDocuments: \"0\" is not a number of documents, 1 or more",
    ),
    (
        SERVER,
        "MirrorBrainMetalinkHashesPathPrefix /srv/hashes",
        "MirrorBrainMetalinkHashesPathPrefix: \"/srv/hashes\" has no effect: hashes come from the database. Remove this obsolete directive",
    ),
    (DIRECTORY, "ASLookup perhaps", "ASLookup must be On or Off"),
    (SERVER, "ASLookup On", "ASLookup not allowed here"),
    (
        DIRECTORY,
        "ASLookupDebug 2",
        "ASLookupDebug must be On or Off",
    ),
    (SERVER, "ASSetHeaders On", "ASSetHeaders not allowed here"),
    (
        SERVER,
        "ASLookupQuery \"SELECT %s, %s\"",
        "ASLookupQuery: \"SELECT %s, %s\" the statement has 2 parameters, but the directive passes only 1",
    ),
    (
        SERVER,
        "ASLookupQuery \"SELECT 1, 2\"\nASLookupDatabase as.mmdb",
        "ASLookupDatabase: \"as.mmdb\" only one of ASLookupQuery and ASLookupDatabase can answer",
    ),
    (
        DIRECTORY,
        "ASLookupDatabase as.mmdb",
        "ASLookupDatabase not allowed in <Directory> context",
    ),
    (
        SERVER,
        "ASLookupRefresh 0",
        "ASLookupRefresh: \"0\" is not a number of seconds, 1 or more",
    ),
    (
        SERVER,
        "ASLookupRefresh soon",
        "ASLookupRefresh: \"soon\" is not a number of seconds, 1 or more",
    ),
    (
        SERVER,
        "ASIPHeader \"X-Forwarded-For:\"",
        "ASIPHeader: \"X-Forwarded-For:\" is not a name",
    ),
    (
        SERVER,
        "ASIPEnvvar \"CLIENT ADDRESS\"",
        "ASIPEnvvar: \"CLIENT ADDRESS\" is not a name",
    ),
    (
        SERVER,
        "DBDriver mysql\n<Location />\nMirrorBrainEngine On\n</Location>",
        "DBDriver: \"mysql\" is not supported, only pgsql is",
    ),
    (
        SERVER,
        "DBDParams \"host=127.0.0.1 colour=blue\"",
        "DBDParams: unknown connection parameter \"colour\"",
    ),
    (
        SERVER,
        "DBDParams \"port=none\"",
        "DBDParams: \"port\" is no number from 1 to 65535",
    ),
    (
        SERVER,
        "DBDParams \"service=none\"",
        "DBDParams: there is no service \"none\"",
    ),
    (
        SERVER,
        "DBDParams \"require_auth=any\"",
        "DBDParams: invalid value \"any\" for \"require_auth\"",
    ),
    (
        SERVER,
        "DBDParams \"sslmode=perhaps\"",
        "DBDParams: invalid value \"perhaps\" for \"sslmode\"",
    ),
    (
        SERVER,
        "DBDMax 0",
        "DBDMax: \"0\" is not a number of connections, 1 or more",
    ),
    (SERVER, "FormGET perhaps", "FormGET must be On or Off"),
    (
        SERVER,
        "MemcacheServer 127.0.0.1:none",
        "MemcacheServer: \"127.0.0.1:none\" is not host:port",
    ),
    (
        SERVER,
        "MemcacheServer ::1",
        "MemcacheServer: \"::1\" is not host:port",
    ),
];

#[test]
fn good_values_are_taken() {
    for &(place, line) in GOOD {
        if let Err(text) = site(place, line).check() {
            panic!("{line}: {text}");
        }
    }
}

#[test]
fn bad_values_stop_the_start_with_one_sentence() {
    for &(place, line, text) in BAD {
        pretty_assertions::assert_eq!(site(place, line).refusal(), text, "{line}");
    }
}

#[test]
fn no_directive_is_left_out_here() {
    let named = |line: &str| line.split(' ').next().unwrap_or(line).to_owned();
    let good: BTreeSet<String> = GOOD.iter().map(|(_, line)| named(line)).collect();
    let bad: BTreeSet<String> = BAD.iter().map(|(_, line, _)| named(line)).collect();
    for directive in reference::directives(&MODULES) {
        let name = directive.name.as_str();
        assert!(
            good.contains(name) || OBSOLETE.contains(&name),
            "good values of {name}"
        );
        assert!(
            bad.contains(name) || IGNORED.contains(&name),
            "bad values of {name}"
        );
    }
}

/// Has no good value.
const OBSOLETE: [&str; 1] = ["MirrorBrainMetalinkHashesPathPrefix"];

/// Neighbours' directives without meaning for us: what is wrong with them is their business.
const IGNORED: [&str; 9] = [
    "DBDMin",
    "DBDKeep",
    "DBDExptime",
    "DBDPersist",
    "DBDPrepareSQL",
    "DBDInitSQL",
    "FormPOST",
    "FormMaxSize",
    "FormDelim",
];

fn site(in_directory: bool, line: &str) -> Builder {
    let builder = Httpd::builder().ours(&MODULES);
    if in_directory {
        builder.config(&format!("<Directory \"@TREE@\">\n{line}\n</Directory>"))
    } else {
        builder.config(line)
    }
}
