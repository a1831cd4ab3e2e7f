//! A small download site: mirrors and files in a database, and an httpd with mod_mirrorbrain.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, SystemTime};

use crate::httpd::{Builder, Httpd};
use crate::postgres::{Cluster, Database};
use crate::sums::{Sums, literal};
use crate::workspace;

/// Modification time of a site's files, in seconds since the epoch.
pub const MTIME: u64 = 1_700_000_000;

/// Lets a test say in headers who the client is.
pub const CLIENT: &str = "\
SetEnvIf X-Test-Addr \"(.+)\" GEOIP_ADDR=$1
SetEnvIf X-Test-Country \"(.+)\" GEOIP_COUNTRY_CODE=$1
SetEnvIf X-Test-Continent \"(.+)\" GEOIP_CONTINENT_CODE=$1
SetEnvIf X-Test-Lat \"(.+)\" GEOIP_LATITUDE=$1
SetEnvIf X-Test-Lng \"(.+)\" GEOIP_LONGITUDE=$1
SetEnvIf X-Test-ASN \"(.+)\" ASN=$1
SetEnvIf X-Test-Prefix \"(.+)\" PFX=$1
";

/// A client in Germany, whose coordinates are not known.
pub const GERMANY: &[(&str, &str)] = &[("X-Test-Country", "DE"), ("X-Test-Continent", "EU")];

/// A row of the table `server`.
#[derive(Debug, Clone)]
pub struct Mirror<'a> {
    /// `identifier`
    pub identifier: &'a str,
    /// `baseurl`
    pub base_url: String,
    /// `region`
    pub region: &'a str,
    /// `country`
    pub country: &'a str,
    /// `lat` and `lng`
    pub place: Option<(f32, f32)>,
    /// `asn`
    pub asn: u32,
    /// `prefix`
    pub prefix: &'a str,
    /// `score`
    pub score: u16,
    /// Which of `region_only`, `country_only`, `as_only` and `prefix_only` are true.
    pub restrictions: &'a [&'a str],
    /// `other_countries`
    pub other_countries: &'a str,
    /// `file_maxsize`
    pub file_maxsize: u64,
}

impl<'a> Mirror<'a> {
    /// A mirror in a country, without restrictions, with the URL `http://<identifier>.example/`.
    pub fn new(identifier: &'a str, region: &'a str, country: &'a str) -> Self {
        Self {
            identifier,
            base_url: format!("http://{identifier}.example/"),
            region,
            country,
            place: None,
            asn: 0,
            prefix: "",
            score: 100,
            restrictions: &[],
            other_countries: "",
            file_maxsize: 0,
        }
    }

    /// The same with another URL.
    pub fn at(self, base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            ..self
        }
    }

    fn insert(&self) -> String {
        let (lat, lng) = self.place.map_or_else(
            || ("NULL".to_owned(), "NULL".to_owned()),
            |(lat, lng)| (lat.to_string(), lng.to_string()),
        );
        let is = |name| self.restrictions.contains(&name);
        format!(
            "INSERT INTO server (identifier, baseurl, baseurl_ftp, baseurl_rsync, enabled, \
             status_baseurl, region, country, asn, prefix, score, scan_fpm, comment, \
             operator_name, operator_url, public_notes, admin, admin_email, lat, lng, \
             country_only, region_only, as_only, prefix_only, other_countries, file_maxsize) \
             VALUES ({}, {}, '', '', true, true, {}, {}, {}, {}, {}, 0, '', '', '', '', '', '', \
             {lat}, {lng}, {}, {}, {}, {}, {}, {});\n",
            literal(self.identifier),
            literal(&self.base_url),
            literal(self.region),
            literal(self.country),
            self.asn,
            literal(self.prefix),
            self.score,
            is("country_only"),
            is("region_only"),
            is("as_only"),
            is("prefix_only"),
            literal(self.other_countries),
            self.file_maxsize,
        )
    }
}

/// A site in the making.
#[derive(Debug)]
pub struct Site {
    builder: Builder,
    database: Database<'static>,
    sql: String,
    server: String,
    directory: String,
    shipped: bool,
}

impl Site {
    /// A site without mirrors or files. `name` names its database.
    pub fn new(name: &str) -> Self {
        let builder = Httpd::builder().stock(&["mime", "setenvif"]);
        Self {
            builder: builder.ours(&["mirrorbrain"]),
            database: Cluster::shared().database(name, &[]),
            sql: String::new(),
            server: String::new(),
            directory: String::new(),
            shipped: false,
        }
    }

    /// With the configuration that is shipped, in place of the least that tests need.
    pub fn shipped(mut self) -> Self {
        self.shipped = true;
        self
    }

    /// The connection string of the database.
    pub fn params(&self) -> String {
        self.database.params()
    }

    /// Changes what httpd is made of.
    pub fn httpd(mut self, change: impl FnOnce(Builder) -> Builder) -> Self {
        self.builder = change(self.builder);
        self
    }

    /// Adds a mirror.
    pub fn mirror(mut self, mirror: &Mirror<'_>) -> Self {
        self.sql += &mirror.insert();
        self
    }

    /// Puts a file into the tree. The database does not know it.
    pub fn local(self, path: impl AsRef<[u8]>, content: &[u8]) -> Self {
        let name = self.builder.tree().join(OsStr::from_bytes(path.as_ref()));
        fs::create_dir_all(name.parent().expect("a file has a directory")).expect("directories");
        let file =
            fs::write(&name, content).and_then(|()| fs::File::options().write(true).open(&name));
        let file = file.unwrap_or_else(|e| panic!("{}: {e}", name.display()));
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(MTIME))
            .expect("modification time");
        self
    }

    /// Puts a file into the tree that all mirrors added so far have.
    pub fn file(mut self, path: &str, content: &[u8]) -> Self {
        let _ = writeln!(
            self.sql,
            "INSERT INTO filearr (path, mirrors) SELECT {}, array_agg(id::smallint) FROM server;",
            literal(path)
        );
        self.local(path, content)
    }

    /// Puts a file into the tree that all mirrors added so far have, with its true hashes.
    pub fn hashed(self, path: &str, content: &[u8]) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let sums = Sums::of(name.as_bytes(), content);
        self.file(path, content).sums(path, content.len(), &sums)
    }

    /// Stores hashes of a file.
    pub fn sums(mut self, path: &str, size: usize, sums: &Sums) -> Self {
        self.sql += &sums.insert(path, size as u64, MTIME);
        self
    }

    /// Appends SQL to what fills the database.
    pub fn sql(mut self, text: &str) -> Self {
        self.sql.push_str(text);
        self.sql.push_str(";\n");
        self
    }

    /// Appends configuration outside of sections.
    pub fn config(mut self, text: &str) -> Self {
        self.server.push_str(text);
        self.server.push('\n');
        self
    }

    /// Appends configuration inside the section of the document root, where the engine is on.
    pub fn directory(mut self, text: &str) -> Self {
        self.directory.push_str(text);
        self.directory.push('\n');
        self
    }

    /// Starts httpd. The database can be changed further.
    #[track_caller]
    pub fn start(self) -> (Httpd, Database<'static>) {
        let file = self.builder.work().join("site.sql");
        fs::write(&file, &self.sql).expect("site.sql");
        self.database.load(&file);
        let params = self.database.params();
        let (before, engine) = if self.shipped {
            let file = workspace().join("httpd-conf/mirrorbrain.conf");
            let include = format!(
                "Define MB_TREE \"@TREE@\"\nDefine MB_DATABASE \"{params}\"\nInclude \"{}\"",
                file.display()
            );
            (include, "")
        } else {
            let database = format!("DBDriver pgsql\nDBDParams \"{params}\"");
            (database, "MirrorBrainEngine On\nMirrorBrainMinSize 0")
        };
        let builder = self
            .builder
            .config(&before)
            .config(CLIENT)
            .config(&format!("<Directory \"@TREE@\">\n{engine}"))
            .config(&self.directory)
            .config("</Directory>")
            .config(&self.server);
        // A site in the making; what that costs is said.
        let builder = match self.sql.contains("INSERT INTO server ") {
            true => builder,
            false => builder.allow("has no mirror that may be used"),
        };
        (builder.start(), self.database)
    }
}

/// Bytes that look random and are the same for the same seed.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    bytes
}
