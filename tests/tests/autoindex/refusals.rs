//! What both modules say to a configuration that is wrong.

use tests::httpd::Httpd;

const WRONG: &str = r#"
IndexOptions Nonsense
IndexOptions +None
IndexOptions None FancyIndexing
IndexOptions -IconWidth=3
IndexOptions -IconHeight=3
IndexOptions NameWidth
IndexOptions -NameWidth=9
IndexOptions NameWidth=4
IndexOptions NameWidth=-1
IndexOptions DescriptionWidth
IndexOptions -DescriptionWidth=20
IndexOptions DescriptionWidth=11
IndexOptions Type
IndexOptions Charset
IndexOptions +
IndexOptions -Nonsense=1
IndexOrderDefault Name Ascending
IndexOrderDefault Ascending Weight
IndexOrderDefault Ascending
AddIcon /icon.gif
AddIcon (TXT,/icon.gif .txt
AddIconByType /icon.gif
AddIconByEncoding /icon.gif
AddAlt text
AddAltByType text
AddAltByEncoding text
AddDescription text
DefaultIcon
DefaultIcon one two
HeaderName
ReadmeName one two
IndexStyleSheet
IndexHeadInsert
IndexHeadInsert ""
IndexIgnore
IndexIgnoreReset maybe
FancyIndexing On"#;

/// What httpd says, without the file's name and line; `Ok` if it finds nothing wrong.
fn answer(line: &str, ours: bool) -> Result<(), String> {
    let builder = if ours {
        Httpd::builder().ours(&["autoindex_mb"])
    } else {
        Httpd::builder().stock(&["autoindex"])
    };
    let said = builder.config(line).check();
    said.map(|_| ()).map_err(|said| {
        let lines = said.lines().filter(|l| !l.contains("Syntax error on line"));
        lines.collect::<Vec<_>>().join("\n")
    })
}

#[test]
fn mistakes_are_refused_in_the_words_of_mod_autoindex() {
    for line in WRONG.lines().filter(|line| !line.is_empty()) {
        assert_eq!(answer(line, true), answer(line, false), "{line}");
        assert!(answer(line, true).is_err(), "{line}");
    }
}

#[test]
fn what_mod_autoindex_accepts_is_accepted() {
    for line in [
        "IndexOptions",
        "IndexOptions fancyindexing +iconwidth namewidth=5 descriptionwidth=12",
        "IndexOptions Type= Charset=",
        "IndexOptions IconWidth=x NameWidth=0",
        "AddIcon (A),b,/icon.gif) .x",
        "IndexIgnoreReset Off",
        "IndexOrderDefault descending date",
        "IndexOptions FancyIndexing None",
        "IndexOptions None +FancyIndexing",
    ] {
        assert_eq!(answer(line, false), Ok(()), "{line}");
        assert_eq!(answer(line, true), Ok(()), "{line}");
    }
}
