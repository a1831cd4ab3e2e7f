//! A small download site for tests: the recorded fixture's mirrors and files, engine on.

use std::collections::HashMap;

use harness::httpd::{Builder, Httpd};
use harness::postgres::{Cluster, Database};
use harness::site::CLIENT;
use harness::{files, http, workspace};

/// A site that is not started yet.
pub struct Site {
    builder: Builder,
    database: Database<'static>,
    server: String,
    directory: String,
}

/// Headers of a client in Berlin.
pub const BERLIN: [(&str, &str); 5] = [
    ("X-Test-Addr", "91.0.0.1"),
    ("X-Test-Country", "DE"),
    ("X-Test-Continent", "EU"),
    ("X-Test-Lat", "52.5"),
    ("X-Test-Lng", "13.4"),
];

impl Site {
    /// A site with a database of its own; the name is that of the test.
    pub fn new(name: &str) -> Self {
        let compat = workspace().join("tests/compat/modules");
        let database = Cluster::shared().database(name, &[&compat.join("fixture.sql")]);
        let builder = Httpd::builder()
            .stock(&["setenvif", "mime", "dir"])
            .ours(&["mirrorbrain"]);
        files::tree(&builder.tree(), &compat.join("tree.json"));
        Self {
            builder,
            database,
            server: CLIENT.to_owned(),
            directory: "MirrorBrainEngine On\n".to_owned(),
        }
    }

    /// Adds lines outside of sections.
    pub fn server(mut self, lines: &str) -> Self {
        self.server.push_str(lines);
        self.server.push('\n');
        self
    }

    /// Adds lines to the section of the document root.
    pub fn directory(mut self, lines: &str) -> Self {
        self.directory.push_str(lines);
        self.directory.push('\n');
        self
    }

    /// Runs SQL in the site's database.
    pub fn sql(self, text: &str) -> Self {
        self.database.sql(text);
        self
    }

    /// Creates a file of zeros.
    pub fn file(self, path: &str, size: u64) -> Self {
        files::sparse(&self.builder.tree(), path, size, 1_700_000_000);
        self
    }

    /// The builder with the whole configuration.
    pub fn builder(self) -> Builder {
        self.builder
            .config(&format!(
                "DBDriver pgsql\nDBDParams \"{}\"",
                self.database.params()
            ))
            .config(&self.server)
            .config(&format!(
                "<Directory \"@TREE@\">\n{}</Directory>",
                self.directory
            ))
    }

    /// Starts httpd.
    #[track_caller]
    pub fn start(self) -> Httpd {
        self.builder().start()
    }
}

/// How often each mirror is the target of `count` redirects.
pub fn targets(
    httpd: &Httpd,
    path: &str,
    headers: &[(&str, &str)],
    count: usize,
) -> HashMap<String, usize> {
    let request = http::request("GET", path, headers);
    let mut targets = HashMap::new();
    for _ in 0..count {
        let response = httpd.raw(&request).expect("an answer");
        let mirror = response.header("X-MirrorBrain-Mirror").unwrap_or_default();
        *targets.entry(mirror).or_default() += 1;
    }
    targets
}
