//! The kinds of servers that are compared: alike in everything but what is measured.

use std::path::Path;

use harness::http::Response;
use harness::httpd::{Builder, Httpd};

use crate::dataset;
use crate::site::Site;

/// One process, so that its memory and cache are all there is; threads for all connections; no
/// access log. The rest is httpd's default: connections end after 100 requests.
const MPM: &str = "\
StartServers 1
ServerLimit 1
ThreadsPerChild 64
MaxRequestWorkers 64
MinSpareThreads 1
MaxSpareThreads 64
";

/// Modules of httpd that each server loads, whether it needs them or not: a site has them.
const STOCK: &[&str] = &["mime", "dir", "alias", "headers", "setenvif"];

/// A query that fetches one wide row for each mirror of a file: what a site may have configured,
/// and what MirrorBrain 2.19 asked for each request.
const WIDE_QUERY: &str = "MirrorBrainDBDQuery \"SELECT s.id, s.identifier, s.region, s.country, s.lat, \
s.lng, s.asn, s.prefix, s.score, s.baseurl, s.region_only, s.country_only, s.as_only, \
s.prefix_only, s.other_countries, s.file_maxsize FROM server s JOIN filearr f \
ON s.id = ANY (f.mirrors) WHERE f.path = %s AND s.enabled AND s.status_baseurl AND s.score > 0 \
ORDER BY s.id\"\n";

/// The directives inside of the directory, as sites have them.
pub const ENGINE: &str = "MirrorBrainEngine On\n\
MirrorBrainMinSize 4096\n\
MirrorBrainExcludeFileMask \"\\.(md5|sha1|asc)$\"\n\
MirrorBrainExcludeUserAgent BadBot*\n\
MirrorBrainExcludeMimeType application/xml\n";

/// What all servers have in common.
pub fn frame(tree: &Path) -> Builder {
    Httpd::builder()
        .stock(STOCK)
        .config(MPM)
        .config("<Directory />\nAllowOverride None\n</Directory>")
        .config(&format!("DocumentRoot \"{}\"", tree.display()))
        // The harness asks for threads of its own before ours.
        .allow("AH10159: server is within MinSpareThreads of MaxRequestWorkers")
        // The sweep goes as far as there are threads.
        .allow("AH00484: server reached MaxRequestWorkers setting")
}

/// The section of the tree, with these directives in it.
pub fn directory(tree: &Path, text: &str) -> String {
    format!(
        "<Directory \"{}\">\nRequire all granted\nAllowOverride None\nOptions +Indexes +FollowSymLinks\n{text}</Directory>",
        tree.display()
    )
}

/// What a server is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// httpd's own modules give the answer that ours gave.
    Limit,
    /// One redirect for all of the server.
    Bare,
    /// mod_mirrorbrain.
    Mirrorbrain,
    /// mod_mirrorbrain and mod_asn.
    Asn,
    /// mod_mirrorbrain with a geo database.
    Geo,
    /// mod_mirrorbrain with a geo database, and mod_asn.
    GeoAsn,
    /// The same without cache.
    Uncached,
    /// The same without cache and with the site's own query.
    WideQuery,
    /// A file server with mod_asn, `ASLookup Off`.
    Static,
    /// The same with `ASLookup On`.
    StaticAsn,
    /// mod_autoindex.
    Autoindex,
    /// mod_autoindex_mb with the same options.
    AutoindexMb,
    /// mod_autoindex_mb and mod_mirrorbrain, with `Mirrorlist` and `Metalink`.
    AutoindexLinks,
}

impl Kind {
    /// Describes the server. The limit repeats `sample`, an answer of [`Self::GeoAsn`].
    pub fn builder(self, site: &Site<'_>, sample: Option<&Response>) -> Builder {
        let builder = frame(site.tree());
        let directory = |text: &str| directory(site.tree(), text);
        match self {
            Self::Limit => {
                let sample = sample.expect("a sample");
                let text = format!("{}{}", redirect_match(sample), headers(sample));
                builder.config(&directory(&text))
            }
            Self::Bare => builder
                .config(&directory(""))
                .config("Redirect 302 / http://mirror1.example.org/pub/site/"),
            Self::Autoindex => builder
                .stock(&["autoindex"])
                .config(&directory(""))
                .config("IndexOptions FancyIndexing HTMLTable"),
            Self::AutoindexMb => builder
                .ours(&["autoindex_mb"])
                .config(&directory(""))
                .config("IndexOptions FancyIndexing HTMLTable"),
            Self::Static | Self::StaticAsn => {
                let on = if self == Self::StaticAsn { "On" } else { "Off" };
                builder
                    .ours(&["asn"])
                    .config(&format!("DBDParams \"{}\"", site.database.params()))
                    .config(&directory(&format!("ASLookup {on}\n")))
            }
            _ => self.ours(builder, site).config(&directory(&self.engine())),
        }
    }

    /// Whether it answers from a cache of its own.
    pub fn has_cache(self) -> bool {
        matches!(
            self,
            Self::Mirrorbrain | Self::Asn | Self::Geo | Self::GeoAsn
        )
    }

    fn has_asn(self) -> bool {
        matches!(
            self,
            Self::Asn | Self::GeoAsn | Self::Uncached | Self::WideQuery
        )
    }

    fn engine(self) -> String {
        if self.has_asn() {
            format!("{ENGINE}ASLookup On\n")
        } else {
            ENGINE.to_owned()
        }
    }

    fn ours(self, builder: Builder, site: &Site<'_>) -> Builder {
        let mut config = format!(
            "DBDriver pgsql\nDBDParams \"{}\"\nDBDMin 0\nDBDKeep 4\nDBDMax 12\nDBDExptime 10\n\
             MirrorBrainTorrentTrackerURL http://bt.example.org:8091/announce\n",
            site.database.params()
        );
        if matches!(
            self,
            Self::Geo | Self::GeoAsn | Self::Uncached | Self::WideQuery
        ) {
            config.push_str(&format!(
                "MirrorBrainGeoDatabase \"{}\"\n",
                site.mmdb().display()
            ));
        }
        if matches!(self, Self::Uncached | Self::WideQuery) {
            config.push_str("MirrorBrainCacheTTL 0\n");
        }
        // Room for all files of the site.
        if self == Self::GeoAsn {
            config.push_str("MirrorBrainCacheSize 104857600\n");
        }
        if self == Self::WideQuery {
            config.push_str(WIDE_QUERY);
        }
        if self == Self::AutoindexLinks {
            config.push_str("IndexOptions FancyIndexing HTMLTable Mirrorlist Metalink\n");
        }
        let modules: &[&str] = match self {
            _ if self.has_asn() => &["asn", "mirrorbrain"],
            Self::AutoindexLinks => &["autoindex_mb", "mirrorbrain"],
            _ => &["mirrorbrain"],
        };
        builder.ours(modules).config(&config)
    }
}

/// The redirect to the mirror that the sample went to, for every file.
fn redirect_match(sample: &Response) -> String {
    let location = sample.location();
    let base = location
        .strip_suffix(&dataset::path(0))
        .expect("the sample is of the first file");
    format!("RedirectMatch 302 \"^/(.*)$\" \"{base}$1\"\n")
}

/// The sample's headers, through mod_headers, but those that httpd writes by itself.
fn headers(sample: &Response) -> String {
    const BY_HTTPD: &[&str] = &[
        "Date",
        "Server",
        "Location",
        "Content-Length",
        "Content-Type",
        "Connection",
        "Keep-Alive",
    ];
    let mut text = String::new();
    for (name, value) in &sample.headers {
        if BY_HTTPD.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            continue;
        }
        let value = String::from_utf8_lossy(value)
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('%', "%%");
        text.push_str(&format!("Header always add {name} \"{value}\"\n"));
    }
    text
}
