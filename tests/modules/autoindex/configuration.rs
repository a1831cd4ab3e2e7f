//! What both modules make of configuration: their tables, what they accept and what they refuse.

use std::collections::BTreeMap;
use std::fs;

use harness::httpd::Httpd;
use harness::workspace;

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

/// Directives of a module as `httpd -L` prints them: name to help text and contexts.
fn table(list: &str, module: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut current = None;
    for line in list.lines() {
        if line.starts_with('\t') {
            if let Some(text) = current.as_ref().and_then(|name| found.get_mut(name)) {
                *text += line;
            }
        } else {
            let (name, source) = line.split_once(' ').unwrap_or((line, ""));
            current = (source == format!("({module})")).then(|| name.to_owned());
            found.extend(current.clone().map(|name| (name, String::new())));
        }
    }
    found
}

#[test]
fn all_directives_of_mod_autoindex_are_there_with_their_help_and_contexts() {
    let stock = Httpd::builder().stock(&["autoindex"]).query("-L");
    let ours = Httpd::builder().ours(&["autoindex_mb"]).query("-L");
    let stock = table(&stock, "mod_autoindex.c");
    let ours = table(&ours, "mod_autoindex_mb.c");
    assert!(stock.len() >= 17, "{stock:?}");
    for (name, text) in &stock {
        assert_eq!(ours.get(name), Some(text), "{name}");
    }
    let more: Vec<&String> = ours.keys().filter(|n| !stock.contains_key(*n)).collect();
    assert!(
        more.iter().all(|n| *n == "IndexForbiddenReturn404"),
        "{more:?}"
    );
    for file in ["README.md", "docs/autoindex.md"] {
        let text = fs::read_to_string(workspace().join(file)).expect("a text file");
        for name in ours.keys() {
            assert!(text.contains(&format!("`{name}`")), "{file} lacks {name}");
        }
    }
}

#[test]
fn the_example_configuration_is_accepted() {
    let file = workspace().join("httpd-conf/autoindex.conf");
    let builder = Httpd::builder()
        .config("Define MB_MODULES \"@MB_MODULES@\"\nDefine MB_TREE \"@TREE@\"")
        .config(&format!("Include \"{}\"", file.display()));
    assert_eq!(builder.check().as_deref(), Ok("Syntax OK\n"));
    let httpd = builder.stock(&["mime", "dir"]).start();
    assert_eq!(httpd.get("/").status, 200);
}
