//! Combinations about files: those around the list, and rules for some of those in it.

use super::combinations::{Collection, Request};

const GERMAN: &[(&str, &str)] = &[
    ("Accept-Language", "de"),
    ("Accept", "text/html"),
    ("Accept-Encoding", "gzip"),
];

pub fn frames(all: &mut Collection) {
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
pub fn files(all: &mut Collection) {
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

/// Entries that are no files, and those that the server may not look at.
pub fn odd(all: &mut Collection) {
    for options in [
        "None",
        "FancyIndexing",
        "FancyIndexing HTMLTable ShowForbidden",
        "FancyIndexing ScanHTMLTitles",
    ] {
        for rules in [
            "",
            "Options -FollowSymLinks",
            "Options -FollowSymLinks +SymLinksIfOwnerMatch",
            "AddIconByType (T,/t.gif) text/*",
            "AddType text/html .txt",
            "<Files *.txt>\nForceType text/x\n</Files>",
        ] {
            let rules = format!(
                "IndexOptions {options}\nAllowOverride None\nDirectoryIndex disabled\n{rules}"
            );
            let targets = ["/odd/", "/odd/?C=S", "/unsearchable/", "/unreadable/"];
            all.add(rules, &targets).files = true;
        }
    }
}

pub fn locations(all: &mut Collection) {
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
