//! What the oracle is asked: combinations of directives, and requests for each.

use std::path::Path;

/// One request of a combination.
#[derive(Clone)]
pub struct Request {
    pub method: &'static str,
    target: String,
    pub headers: &'static [(&'static str, &'static str)],
}

impl Request {
    pub fn path(&self, site: &str) -> String {
        format!("/{site}{}", self.target)
    }
}

/// Directives for a directory, and what is asked there. `@` stands for the combination's name.
pub struct Combination {
    pub name: String,
    pub directory: String,
    server: String,
    pub requests: Vec<Request>,
    files: bool,
}

impl Combination {
    /// The configuration, for the directory the combination has to itself.
    pub fn section(&self, site: &Path) -> String {
        let text = format!(
            "{}\n<Directory \"{}/\">\n{}\n</Directory>\n",
            self.server,
            site.display(),
            self.directory
        );
        text.replace("SITE", &site.display().to_string())
            .replace('@', &self.name)
    }

    /// Whether rules for single files are what it is about.
    pub fn looks_at_files(&self) -> bool {
        self.files
    }
}

#[derive(Default)]
struct Collection {
    combinations: Vec<Combination>,
}

impl Collection {
    fn add(&mut self, directory: impl Into<String>, targets: &[&str]) -> &mut Combination {
        let name = format!("c{:03}", self.combinations.len());
        let get = |target: &&str| Request {
            method: "GET",
            target: (*target).to_owned(),
            headers: &[],
        };
        self.combinations.push(Combination {
            name,
            directory: directory.into(),
            server: String::new(),
            requests: targets.iter().map(get).collect(),
            files: false,
        });
        self.combinations.last_mut().expect("just added")
    }
}

/// All combinations.
pub fn all() -> Vec<Combination> {
    let mut all = Collection::default();
    requests(&mut all);
    options(&mut all);
    icons(&mut all);
    ignored(&mut all);
    orders(&mut all);
    frames(&mut all);
    files(&mut all);
    locations(&mut all);
    merged(&mut all);
    mixtures(&mut all);
    all.combinations
}

/// Query strings, one a line; the first is none.
const QUERIES: &str = r"
?C=N;O=D
?C=M;O=A
?C=M;O=D
?C=S;O=A
?C=S;O=D
?C=D;O=A
?C=D&O=D
?F=0
?F=1
?F=2
?V=1
?V=0;F=2;C=S
?P=*.iso
?P=*.gz&C=S&F=1;V=1
?P=%5Ba-c%5D*
?P=%zz;F=2
?P=
?C=X
?C=N;O=D;bad;F=2
?F=3
?C=S;O=A;F=2;V=1;P=*o*
?C=SO=A
?P=a%20%3Cb%26%22;F=1
?O=D
?C=n;O=a
?P=*/..
?F=2;P=%00x
?;C=S
?P=a:*;F=1
?P=*.%69so;F=1
?P=.h*
?P=\a*
?F=1;P=*%26lt;
?V=2
?C=";

/// A distribution's configuration, with most directives in it.
const DISTRIBUTION: &str = "\
IndexOptions FancyIndexing VersionSort HTMLTable NameWidth=* DescriptionWidth=* Charset=UTF-8
AddIconByEncoding (CMP,/icons/compressed.gif) x-compress x-gzip x-bzip2
AddIconByType (TXT,/icons/text.gif) text/*
AddIconByType (IMG,/icons/image2.gif) image/*
AddIcon /icons/binary.gif .bin .exe
AddIcon /icons/compressed.gif .Z .z .tgz .gz .zip
AddIcon /icons/bomb.gif /core
AddIcon /icons/back.gif ..
AddIcon /icons/hand.right.gif README
AddIcon /icons/folder.gif ^^DIRECTORY^^
AddIcon /icons/blank.gif ^^BLANKICON^^
DefaultIcon /icons/unknown.gif
ReadmeName README.html
HeaderName HEADER.html
IndexIgnore .??* *~ *# RCS CVS *,v *,t";

const DESCRIPTIONS: &str = r#"
AddDescription "An <b>ISO</b> image &amp; more text than fits in there really" *.iso
AddDescription "tarball" .tar.gz
AddDescription "the makefile" Makefile
AddDescription "dir sub" sub
AddDescription "full" */mixed/z.rpm
AddDescription "q" k?
AddDescription "parent" ..
AddDescription "closed <b>tag is closed by this text</b> or so" img
AddDescription "ent &auml;&ouml;&uuml; &euro; and a very long text indeed, it is" foo
AddIcon /icons/x.gif .iso
DefaultIcon /d.gif"#;

const BASES: [&str; 4] = ["", "FancyIndexing", "FancyIndexing HTMLTable", "HTMLTable"];

fn requests(all: &mut Collection) {
    let mut targets: Vec<String> = QUERIES.lines().map(|q| format!("/mixed/{q}")).collect();
    targets.extend(["/hostile/?F=0", "/hostile/?F=1", "/hostile/?F=2"].map(str::to_owned));
    targets.extend(
        [
            "/",
            "/deep/",
            "/deep/er/",
            "/deep/er/est/",
            "/mixed",
            "/many/",
            "/mixed/forbidden/",
            "/mixed/unlisted/",
            "/mixed/with-index/",
            "//mixed//",
            "/mixed/?",
            "/nothing/",
            "/own-rules/",
        ]
        .map(str::to_owned),
    );
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    for directory in [
        "",
        "IndexOptions FancyIndexing",
        "IndexOptions FancyIndexing HTMLTable",
        DISTRIBUTION,
    ] {
        let combination = all.add(directory, &targets);
        for method in ["HEAD", "POST", "OPTIONS", "PUT"] {
            combination.requests.push(Request {
                method,
                target: "/mixed/".to_owned(),
                headers: &[],
            });
        }
    }
    for directory in [
        "DirectoryIndex disabled",
        "DirectoryIndex page.html index.html",
    ] {
        all.add(directory, &["/mixed/", "/"]);
    }
}

/// Words of IndexOptions that are tried together, a line each.
const OPTIONS: &str = "\
IconsAreLinks
IconHeight IconWidth
IconWidth=10
IconHeight=7 IconWidth=9
NameWidth=*
NameWidth=10
NameWidth=5
DescriptionWidth=*
DescriptionWidth=12
DescriptionWidth=40
SuppressIcon
SuppressLastModified
SuppressSize
SuppressDescription
SuppressRules
SuppressColumnSorting
SuppressHTMLPreamble
FoldersFirst
IgnoreCase
VersionSort
VersionSort IgnoreCase
XHTML
XHTML IconWidth IconHeight SuppressRules
ScanHTMLTitles
ShowForbidden
TrackModified
Charset=ISO-8859-1
Type=text/plain
Type=text/plain Charset=
AddAltClass
UseOldDateFormat
IgnoreClient
SuppressIcon SuppressSize SuppressLastModified
SuppressIcon SuppressSize SuppressLastModified SuppressDescription
FoldersFirst VersionSort ScanHTMLTitles XHTML NameWidth=*
XHTML AddAltClass SuppressIcon
DescriptionWidth=* SuppressIcon
SuppressLastModified DescriptionWidth=20";

fn options(all: &mut Collection) {
    for base in BASES {
        for option in OPTIONS.lines() {
            all.add(
                format!("IndexOptions {base} {option}{DESCRIPTIONS}"),
                &[
                    "/mixed/",
                    "/mixed/?C=M;O=D",
                    "/mixed/?C=D",
                    "/mixed/?C=S;V=1",
                    "/hostile/",
                ],
            );
        }
    }
}

fn icons(all: &mut Collection) {
    for base in [
        "",
        "IndexOptions FancyIndexing HTMLTable IconHeight=3 IconWidth=4",
        "IndexOptions FancyIndexing XHTML",
    ] {
        for icon in [
            "AddIcon (ISO,/i.gif) .iso",
            "AddIcon /i.gif **DIRECTORY**\nAddAlt \"a dir\" **DIRECTORY**",
            "AddIconByType (T\"<>,/t.gif) text/*\nAddIconByType /i.gif image/png",
            "AddAltByType \"some text\" text/plain\nAddAltByEncoding enc X-GZIP",
            "AddIconByEncoding /z.gif X-gzip",
            "AddAlt \"UP\" ..\nAddIcon /up.gif ..",
            "AddIcon /b.gif ^^BLANKICON^^\nDefaultIcon /def.gif",
            "AddIcon /m.gif SITE/mixed/*.rpm",
            "AddIcon /m.gif *",
            "AddAlt x *.iso\nAddIcon \"/q\\\"<.gif\" .iso",
            "AddIcon /core.gif /core\nAddIcon /f.gif foo",
            "AddIcon /s.gif sub linkdir/ sub/\nAddAlt s sub/",
            "AddIcon (a,,b),/c.gif) .iso\nAddIcon (nocomma) .rpm",
            "IndexStyleSheet /s.css\nIndexOptions +AddAltClass\nAddAlt \"Two Words\" .iso",
        ] {
            all.add(
                format!("{base}\nIndexOptions +FancyIndexing\n{icon}"),
                &["/mixed/", "/", "/deep/er/", "/hostile/?F=2"],
            );
        }
    }
}

fn ignored(all: &mut Collection) {
    for directory in [
        "IndexIgnore *.iso .gz foo*",
        "IndexIgnore ..",
        "IndexIgnore .??* *~ *# RCS CVS *,v *,t",
        "IndexIgnore */sub a.iso",
        "IndexIgnore *",
        "IndexIgnoreReset On",
        "IndexIgnoreReset On\nIndexIgnore .h*",
        "IndexIgnore *.rpm\nIndexIgnoreReset Off",
        "IndexIgnore SITE/mixed/a.iso",
        "IndexIgnore sub/ Sub?",
    ] {
        all.add(
            format!("{directory}\nIndexOptions FancyIndexing"),
            &["/mixed/", "/own-rules/"],
        );
    }
}

fn orders(all: &mut Collection) {
    for direction in ["Ascending", "Descending"] {
        for key in ["Name", "Date", "Size", "Description"] {
            all.add(
                format!(
                    "IndexOrderDefault {direction} {key}\n\
                     IndexOptions FancyIndexing HTMLTable{DESCRIPTIONS}"
                ),
                &["/mixed/", "/mixed/?C=N", "/mixed/?O=A", "/mixed/?F=1;O=D"],
            );
        }
    }
    let numbers = "AddDescription a10 *.iso\nAddDescription a9 *.rpm\nAddDescription B1 core\n\
                   AddDescription \" lead\" k1\nAddDescription a09 k9b\nAddDescription A9 m\n";
    for option in ["", "IgnoreCase", "VersionSort", "VersionSort IgnoreCase"] {
        all.add(
            format!("IndexOptions FancyIndexing {option}\n{numbers}"),
            &["/mixed/?C=D", "/mixed/?C=D;O=D", "/many/", "/many/?C=S;O=D"],
        );
    }
}

const GERMAN: &[(&str, &str)] = &[
    ("Accept-Language", "de"),
    ("Accept", "text/html"),
    ("Accept-Encoding", "gzip"),
];

fn frames(all: &mut Collection) {
    for options in [
        "",
        "IndexOptions SuppressHTMLPreamble",
        "IndexOptions XHTML FancyIndexing",
    ] {
        for signature in ["", "ServerSignature On", "ServerSignature EMail"] {
            for names in [
                "HeaderName HEADER.html\nReadmeName README.html",
                "HeaderName HEADER.txt\nReadmeName README.txt",
                "HeaderName HEADER.unknown\nReadmeName HEADER.unknown",
                "HeaderName full.html\nReadmeName foot.html",
                "HeaderName /@/framed/HEADER.html\nReadmeName /@/framed/README.html",
                "HeaderName spoken\nReadmeName spoken",
                "HeaderName spoken.html\nReadmeName spoken.html",
                "HeaderName included.shtml\nReadmeName included.shtml",
                "HeaderName missing.html\nReadmeName ../mixed/page.html",
                "HeaderName secret.html\nReadmeName secret.html\n<Files secret.html>\n\
                 Require all denied\n</Files>",
                "HeaderName /\nReadmeName one",
                "HeaderName HEADER\nReadmeName README",
            ] {
                let combination = all.add(
                    format!("{options}\n{signature}\nOptions +MultiViews\n{names}"),
                    &["/framed/"],
                );
                combination.files = true;
                combination.requests.push(Request {
                    method: "GET",
                    target: "/framed/?C=S".to_owned(),
                    headers: GERMAN,
                });
            }
        }
    }
    for directory in [
        "IndexStyleSheet /s.css\nIndexHeadInsert \"<meta name=x>\"\nIndexOptions FancyIndexing",
        "IndexStyleSheet \"/s\\\"<.css\"\nIndexOptions XHTML SuppressHTMLPreamble",
    ] {
        all.add(directory, &["/mixed/", "/framed/"]);
    }
}

/// Rules that may hold for some files of a directory and not for others.
fn files(all: &mut Collection) {
    for option in ["", "ShowForbidden"] {
        for rules in [
            "<Files a.iso>\nRequire all denied\n</Files>",
            "<FilesMatch \"\\.rpm$\">\nForceType text/plain\n</FilesMatch>",
            "<FilesMatch \"^\\.?(a|k)\">\nRequire all denied\n</FilesMatch>",
            "<FilesMatch \"^\\.|core\">\nForceType text/plain\n</FilesMatch>",
            "<Files \"*.gz\">\nForceType text/html\n</Files>",
            "<If \"%{REQUEST_URI} =~ /iso/\">\nRequire all denied\n</If>",
            "RewriteEngine On\nRewriteRule ^.*\\.iso$ - [F]\nRewriteRule z\\.rpm /other [R]\n\
             RewriteRule core page.html\nRewriteRule Makefile - [T=text/html]",
            "RedirectMatch 410 iso$\nRedirect 301 /@/mixed/core http://x/\nRedirectMatch 403 rpm$",
            "Options -FollowSymLinks",
            "Options -FollowSymLinks +SymLinksIfOwnerMatch",
            "ForceType text/plain",
            "SetHandler \"%{REQUEST_FILENAME}\"",
            "AddType text/x .iso .rpm\nAddEncoding x-q .png\nAddHandler cgi-script .bz2",
            "RemoveType .txt .html\nRemoveEncoding .gz",
            "AddIconByEncoding /z.gif x-gzip gzip",
            "MultiviewsMatch Any\nOptions +MultiViews",
            "AddCharset utf-8 .txt",
            "RequestHeader set Accept-Encoding gzip\nAddIconByEncoding /z.gif gzip x-gzip",
            "AllowOverride None",
            "AllowOverride Indexes",
            "FileETag MTime\nIndexOptions +TrackModified",
            "ErrorDocument 403 \"no\"\n<Files sub>\nRequire all denied\n</Files>",
        ] {
            let combination = all.add(
                format!(
                    "IndexOptions FancyIndexing {option}\nAddIconByType (T,/t.gif) text/*\n{rules}"
                ),
                &[
                    "/mixed/",
                    "/mixed/?F=0",
                    "/mixed/?F=2;C=S",
                    "/own-rules/",
                    "/mixed/forbidden/",
                    "/mixed/unlisted/",
                ],
            );
            combination.files = true;
            combination.requests.push(Request {
                method: "GET",
                target: "/mixed/".to_owned(),
                headers: GERMAN,
            });
        }
    }
}

fn locations(all: &mut Collection) {
    for server in [
        "<Location /@/mixed/a.iso>\nRequire all denied\n</Location>",
        "<LocationMatch \"@.*rpm$\">\nForceType text/plain\n</LocationMatch>",
        "<Location \"/@/mixed/*.iso\">\nForceType text/html\n</Location>",
        "<Location /@/mixed>\nIndexOptions +XHTML\nForceType text/plain\n</Location>",
        "<Location /@/mix>\nRequire all denied\n</Location>",
        "<Location /@>\nIndexIgnoreReset On\n</Location>\n\
         <Location /@/mixed>\nIndexIgnore x*\n</Location>",
        "<Location /@>\nIndexOptions +XHTML\n</Location>\n\
         <Location /@/mixed>\nIndexOptions -XHTML\n</Location>",
        "<Location /@>\nIndexOptions -XHTML\n</Location>\n\
         <Location /@/mixed>\nIndexOptions +XHTML\n</Location>",
        "<Location /@>\nIndexOptions None\n</Location>",
        "<Location /@/mixed>\nAddIcon /location.gif .iso\nIndexIgnore m*\n</Location>",
    ] {
        for options in [
            "FancyIndexing +XHTML",
            "+FancyIndexing +XHTML",
            "FancyIndexing",
        ] {
            let combination = all.add(
                format!("IndexIgnore k*\nIndexOptions {options}\nAddIconByType (T,/t.gif) text/*"),
                &["/mixed/", "/mixed/?F=0", "/mixed/sub/"],
            );
            combination.server = server.to_owned();
            combination.files = true;
        }
    }
}

/// How sections add up.
fn merged(all: &mut Collection) {
    const SECTIONS: [&str; 17] = [
        "",
        "IndexOptions FancyIndexing None",
        "IndexOptions None",
        "IndexOptions FancyIndexing",
        "IndexOptions +HTMLTable",
        "IndexOptions -HTMLTable +SuppressSize",
        "IndexOptions FancyIndexing +SuppressSize -SuppressIcon",
        "IndexOptions +SuppressSize HTMLTable",
        "IndexOptions NameWidth=40",
        "IndexOptions +NameWidth=40 -NameWidth",
        "IndexOptions +IconWidth",
        "IndexOptions -IconWidth +FancyIndexing",
        "IndexOptions -FancyIndexing\nIndexOptions +XHTML",
        "IndexOptions FancyIndexing\nIndexOptions -FancyIndexing",
        "IndexOptions +XHTML DescriptionWidth=* Charset=x",
        "IndexOptions +Type=text/plain +DescriptionWidth=20",
        "IndexOptions -DescriptionWidth",
    ];
    const LISTS: [&str; 5] = [
        "",
        "AddIcon /1.gif .iso .rpm\nAddAlt one .iso\nAddDescription d1 *.iso\nIndexIgnore core\n\
         IndexOrderDefault Descending Size\nDefaultIcon /d1\nHeaderName endless.html\n\
         IndexHeadInsert <m1>",
        "AddIcon /2.gif .iso\nAddAlt two .rpm .iso\nAddDescription d2 a.iso z*\n\
         IndexIgnore img*\nIndexIgnoreReset On\nDefaultIcon /d2\nReadmeName endless.html\n\
         IndexStyleSheet /y",
        "IndexIgnoreReset On",
        "IndexIgnore k*\nHeaderName missing",
    ];
    let inside = |section: &str| format!("</Directory>\n<Directory \"SITE/{section}\">\n");
    for outer in SECTIONS {
        for inner in SECTIONS {
            let directory = format!("{outer}\n{}{inner}", inside("mixed"));
            all.add(directory, &["/mixed/", "/mixed/sub/"]);
        }
    }
    for outer in &SECTIONS[..7] {
        for middle in &SECTIONS[4..7] {
            for inner in &SECTIONS[..5] {
                let (first, second) = (inside("mixed"), inside("mixed/sub"));
                let directory = format!("{outer}\n{first}{middle}\n{second}{inner}");
                all.add(directory, &["/mixed/sub/"]);
            }
        }
    }
    for outer in LISTS {
        for inner in LISTS {
            let directory = format!(
                "IndexOptions FancyIndexing\n{outer}\n{}{inner}",
                inside("mixed")
            );
            all.add(directory, &["/mixed/"]);
        }
    }
}

/// Keywords to pick from.
const WORDS: &str = "
FancyIndexing HTMLTable FoldersFirst IconsAreLinks IgnoreCase IgnoreClient ScanHTMLTitles
SuppressColumnSorting SuppressDescription SuppressHTMLPreamble SuppressIcon
SuppressLastModified SuppressSize SuppressRules TrackModified VersionSort XHTML
ShowForbidden AddAltClass UseOldDateFormat NameWidth=* NameWidth=30 DescriptionWidth=*
DescriptionWidth=30 IconWidth IconHeight=5 Charset=UTF-8";

/// Directives to pick from, a line each.
const LINES: &str = r#"DefaultIcon /other.gif
IndexStyleSheet /s.css
DefaultIcon /d.gif
AddIcon /t.gif .txt ^^DIRECTORY^^
AddIconByType (TXT,/t.gif) text/*
AddIconByEncoding (Z,/z.gif) x-gzip
AddAlt "Alt text" .iso
AddDescription "some <i>text</i> of it, rather long" *
AddDescription d .tar.gz
IndexIgnore *.rpm
HeaderName HEADER.html
ReadmeName README.txt
IndexOrderDefault Descending Date
IndexHeadInsert "<meta>"
ServerSignature On
Options +MultiViews
AddIcon /up.gif .."#;

/// Options and directives picked by a fixed generator, for what nobody thought of.
fn mixtures(all: &mut Collection) {
    let mut state = 1_u64;
    let mut below = |limit: usize| {
        // A multiplicative generator modulo 2^61 - 1.
        state = (u128::from(state) * 437_799_614_237_992_725 % ((1 << 61) - 1)) as u64;
        (state >> 20) as usize % limit
    };
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let lines: Vec<&str> = LINES.lines().collect();
    let queries: Vec<&str> = QUERIES.lines().collect();
    for _ in 0..120 {
        let mut pick = |from: &[&'static str], count: usize| -> Vec<&str> {
            (0..count).map(|_| from[below(from.len())]).collect()
        };
        let count = 1 + pick(&words, 1)[0].len() % 8;
        let options = pick(&words, count).join(" ");
        let rules = pick(&lines, count / 2).join("\n");
        let directory = format!("IndexOptions {options}\n{rules}");
        let targets: Vec<String> = (0..3)
            .map(|_| {
                let place = ["mixed", "hostile", "framed", "many"][below(4)];
                format!("/{place}/{}", queries[below(queries.len())])
            })
            .collect();
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        all.add(directory, &targets);
    }
}
