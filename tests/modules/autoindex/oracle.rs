//! The stock mod_autoindex as the oracle: the same requests, the same bytes.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use harness::http::Response;
use harness::httpd::Httpd;
use harness::temp_dir;

use super::combinations::{self, Combination, Request};
use super::tree;

/// What both servers load beside the module that lists.
const STOCK: [&str; 14] = [
    "access_compat",
    "alias",
    "auth_basic",
    "authn_core",
    "authn_file",
    "authz_host",
    "authz_user",
    "dir",
    "env",
    "headers",
    "mime",
    "negotiation",
    "rewrite",
    "setenvif",
];

const FRAME: &str = r#"
DocumentRoot "@SITES@"
LogLevel warn authz_core:crit
AddType application/xhtml+xml .xhtml
AddType text/html .shtml
AddType image/png .png
AddEncoding x-gzip .gz
AddEncoding x-bzip2 .bz2
AddLanguage en .en
AddLanguage de .de
<Directory "@SITES@">
    Options Indexes FollowSymLinks
    AllowOverride All
    Require all granted
</Directory>
<FilesMatch "^\.ht">
    Require all denied
</FilesMatch>
"#;

/// The stock module and ours, with one configuration and one tree of files.
struct Pair {
    stock: Httpd,
    ours: Httpd,
    /// Holds the tree.
    work: tempfile::TempDir,
}

impl Drop for Pair {
    fn drop(&mut self) {
        tree::open(self.work.path());
    }
}

impl Pair {
    fn start(combinations: &[Combination], more: &[&str], server: &str) -> Self {
        let work = temp_dir("listings");
        let files = tree::make(work.path());
        let sites = work.path().join("sites");
        std::fs::create_dir(&sites).expect("directory");
        let mut config = FRAME.to_owned() + server + "\n";
        for combination in combinations {
            config += &combination.section(&site(&sites, &files, combination));
        }
        let start = |list: Option<&str>| {
            let builder = Httpd::builder().stock(&STOCK).stock(more);
            let builder = match list {
                Some(ours) => builder.ours(&[ours]),
                None => builder.stock(&["autoindex"]),
            };
            builder
                .set("SITES", sites.display())
                .config(&config)
                // What the matrix asks for on purpose.
                .allow("AH01276") // Options -Indexes
                .allow("server-generated directory index forbidden")
                .allow("AH00670") // RewriteRule without FollowSymLinks
                .allow("Symbolic link not allowed")
                .allow("not allowed here") // AllowOverride Indexes
                .allow("AH00035") // a link into a directory that may not be searched
                .allow("AH00038") // pipes and sockets
                .allow("AH00529") // .htaccess there
                .allow("Can't open directory for index")
                .start()
        };
        Self {
            stock: start(None),
            ours: start(Some("autoindex_mb")),
            work,
        }
    }

    /// The difference between both answers, if there is one.
    fn difference(&self, path: &str, request: &Request) -> Option<String> {
        let mut headers = vec![("Host", "download.example.org:8080")];
        headers.extend(request.headers);
        let bytes = harness::http::request(request.method, path, &headers);
        let ask = |httpd: &Httpd| {
            httpd
                .raw(&bytes)
                .unwrap_or_else(|e| panic!("{path}: {e}\n{}", httpd.log()))
        };
        let (stock, ours) = (ask(&self.stock), ask(&self.ours));
        (essence(&stock) != essence(&ours)).then(|| first_difference(&stock, &ours))
    }
}

/// A directory of its own for each combination, so that one server holds them all.
fn site(sites: &Path, files: &Path, combination: &Combination) -> PathBuf {
    let site = sites.join(&combination.name);
    symlink(files, &site).expect("link");
    site
}

type Headers = Vec<(String, Vec<u8>)>;

/// Everything but the time of the answer. httpd lists the methods of `Allow` in any order.
fn essence(response: &Response) -> (u16, Headers, &[u8]) {
    let headers = response.headers.iter().filter(|(name, _)| name != "Date");
    let headers = headers.map(|(name, value)| {
        let mut value = value.clone();
        if name == "Allow" {
            value.sort_unstable();
        }
        (name.clone(), value)
    });
    (response.status, headers.collect(), &response.body)
}

fn first_difference(stock: &Response, ours: &Response) -> String {
    let head = |r: &Response| format!("{} {:?}", r.status, essence(r).1);
    let lines = |r: &Response| -> Vec<String> { r.text().lines().map(str::to_owned).collect() };
    let (a, b) = (lines(stock), lines(ours));
    let at = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    format!(
        "stock: {}\nours:  {}\nline {at}\nstock: {:?}\nours:  {:?}",
        head(stock),
        head(ours),
        a.get(at),
        b.get(at)
    )
}

#[track_caller]
fn compare(combinations: &[Combination], more: &[&str], server: &str) {
    let pair = Pair::start(combinations, more, server);
    let (mut requests, mut report, mut differences) = (0, String::new(), 0);
    for combination in combinations {
        for request in &combination.requests {
            requests += 1;
            let path = request.path(&combination.name);
            if let Some(difference) = pair.difference(&path, request) {
                differences += 1;
                if differences <= 5 {
                    let _ = writeln!(report, "{path}\n{}\n{difference}\n", combination.directory);
                }
            }
        }
    }
    assert_eq!(differences, 0, "of {requests} answers:\n{report}");
}

#[test]
fn listings_are_those_of_mod_autoindex_to_the_byte() {
    let combinations = combinations::all();
    let requests: usize = combinations.iter().map(|c| c.requests.len()).sum();
    assert!(combinations.len() >= 300 && requests >= 1000);
    compare(&combinations, &[], "");
}

/// mod_include has hooks that the shortcut for plain files does not know: each file is looked up.
#[test]
fn listings_are_the_same_where_every_file_is_looked_up() {
    let mut combinations = combinations::all();
    combinations.retain(|c| c.files);
    assert!(combinations.len() >= 50);
    compare(
        &combinations,
        &["include"],
        "AddOutputFilter INCLUDES .shtml\n<Directory \"@SITES@\">\nOptions +Includes\n</Directory>",
    );
}

#[test]
fn directives_outside_of_sections_are_inherited_alike() {
    let mut combinations = combinations::all();
    combinations.retain(|c| !c.files);
    compare(
        &combinations,
        &[],
        "AddIcon /server.gif .iso\nAddDescription server *.rpm\nDefaultIcon /server-default.gif\n\
         HeaderName HEADER.html\nIndexStyleSheet /server.css\nIndexIgnore a.iso\n\
         IndexOptions -FancyIndexing +SuppressIcon NameWidth=*\n",
    );
}

/// With repeated slashes left in and none added at the end.
#[test]
fn the_way_up_is_that_of_mod_autoindex() {
    let mut collection = combinations::Collection::default();
    collection.add(
        "IndexOptions FancyIndexing",
        &[
            "",
            "/",
            "//",
            "/deep/er/",
            "/deep",
            "//deep",
            "/deep//",
            "/deep/er/..",
        ],
    );
    let combinations = collection.into_combinations();
    compare(
        &combinations,
        &[],
        "<IfDirective MergeSlashes>\nMergeSlashes Off\n</IfDirective>\n\
         <Directory \"@SITES@\">\nDirectorySlash Off\n</Directory>",
    );
    let pair = Pair::start(&combinations, &[], "");
    let root = Request {
        method: "GET",
        target: String::new(),
        headers: &[],
    };
    assert_eq!(pair.difference("/", &root), None);
}
