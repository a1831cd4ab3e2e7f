//! What the oracle is asked: combinations of directives, and requests for each.

use std::path::Path;

use super::{rules, sections};

/// One request of a combination.
#[derive(Clone)]
pub struct Request {
    pub method: &'static str,
    pub target: String,
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
    pub server: String,
    pub requests: Vec<Request>,
    /// Rules for single files are what it is about.
    pub files: bool,
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
}

#[derive(Default)]
pub struct Collection {
    combinations: Vec<Combination>,
}

impl Collection {
    /// Adds directives for a directory, and paths to ask for there.
    pub fn add(&mut self, directory: impl Into<String>, targets: &[&str]) -> &mut Combination {
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

    pub fn into_combinations(self) -> Vec<Combination> {
        self.combinations
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
    rules::frames(&mut all);
    rules::files(&mut all);
    rules::odd(&mut all);
    rules::locations(&mut all);
    sections::merged(&mut all);
    sections::mixtures(&mut all);
    all.combinations
}

/// Query strings, one a line; the first is none.
pub const QUERIES: &str = r"
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
?F=1;P=*.iso;P=
?F=1;P=a;P=%zz
?F=2;P=*%3Bx
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
NameWidth=40 NameWidth=*
NameWidth=* NameWidth=30
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
