//! Combinations of what several sections say, and of anything with anything.

use super::combinations::{Collection, QUERIES};

/// How sections add up.
pub fn merged(all: &mut Collection) {
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
pub fn mixtures(all: &mut Collection) {
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
