//! The README's reference, the example configuration and the modules' tables say the same.

use std::collections::BTreeMap;
use std::fs;

use harness::httpd::Httpd;
use harness::workspace;

/// The modules with a table in the README.
const MODULES: [&str; 2] = ["asn", "mirrorbrain"];

/// A directive as `httpd -L` lists it.
pub struct Directive {
    pub name: String,
    pub context: &'static str,
}

/// The directives of modules of this project, by the name in `<name>_module`.
pub fn directives(modules: &[&str]) -> Vec<Directive> {
    let list = Httpd::builder().ours(modules).query("-L");
    let mut found = Vec::new();
    let mut name = None;
    for line in list.lines() {
        if let Some(context) = line.strip_prefix("\tAllowed in *.conf ") {
            found.extend(name.take().map(|name| Directive {
                name,
                context: readme_context(context),
            }));
        } else if let Some((directive, source)) = line.split_once(" (") {
            // A help text, which begins with a tab, may have a parenthesis too.
            let ours = modules.iter().any(|m| source == format!("mod_{m}.c)"));
            if !line.starts_with('\t') {
                name = ours.then(|| directive.to_owned());
            }
        }
    }
    found
}

fn readme_context(text: &str) -> &'static str {
    match text {
        t if t.starts_with("only outside") => "server",
        "anywhere" => "server, directory",
        t if t.ends_with("and in .htaccess") => "server, directory, .htaccess",
        t if t.starts_with("only inside") => "directory",
        other => panic!("httpd -L has a context that the README does not know: {other}"),
    }
}

/// Directives with sections of the README to themselves: neighbours', and mod_autoindex's.
const NEIGHBOURS: [&str; 4] = ["DBD", "Form", "Memcache", "Index"];

fn is_neighbours(name: &str) -> bool {
    NEIGHBOURS.iter().any(|start| name.starts_with(start))
}

/// Directive to context, out of the README's tables.
fn readme() -> BTreeMap<String, String> {
    let text = fs::read_to_string(workspace().join("README.md")).expect("README.md");
    text.lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|row| {
            // A bar in a cell is written with a backslash.
            let row = row.replace("\\|", "/");
            let mut cells = row.split('|').map(str::trim);
            let name = cells.next()?.split(['`', ' ']).next()?.to_owned();
            Some((name, cells.nth(1)?.to_owned()))
        })
        // Other tables have other things in their first cell.
        .filter(|(name, _)| name.starts_with("MirrorBrain") || name.starts_with("AS"))
        .collect()
}

#[test]
fn the_readme_lists_every_directive_and_its_context() {
    let readme = readme();
    let tables = directives(&MODULES);
    for directive in tables.iter().filter(|d| !is_neighbours(&d.name)) {
        let context = readme.get(&directive.name);
        assert!(context.is_some(), "README lacks {}", directive.name);
        // What only stops the start has no context.
        if context.is_some_and(|c| !c.is_empty()) {
            assert_eq!(
                context.map(String::as_str),
                Some(directive.context),
                "{}",
                directive.name
            );
        }
    }
    for name in readme.keys() {
        assert!(
            tables.iter().any(|d| d.name == *name),
            "no module has {name}"
        );
    }
}

#[test]
fn the_readme_names_every_directive_of_neighbours() {
    let text = fs::read_to_string(workspace().join("README.md")).expect("README.md");
    for directive in directives(&MODULES) {
        assert!(
            text.contains(&format!("`{}", directive.name)),
            "{}",
            directive.name
        );
    }
}

#[test]
fn the_example_configuration_shows_every_directive() {
    let dir = workspace().join("httpd-conf");
    let text: String = fs::read_dir(&dir)
        .expect("httpd-conf")
        .map(|entry| fs::read_to_string(entry.expect("httpd-conf").path()).expect("a text file"))
        .collect();
    for name in readme()
        .keys()
        .filter(|name| !name.contains("HashesPathPrefix"))
    {
        assert!(text.contains(name), "httpd-conf does not show {name}");
    }
}

#[test]
fn the_example_configuration_is_accepted() {
    let mut builder = Httpd::builder()
        .stock(&["mime", "setenvif", "remoteip", "log_config"])
        .config("Define MB_MODULES \"@MB_MODULES@\"\nDefine MB_TREE \"@TREE@\"")
        .config("Define MB_LOG \"@WORK@/download_log\"");
    for name in ["asn", "mirrorbrain", "log", "proxy"] {
        let file = workspace().join("httpd-conf").join(format!("{name}.conf"));
        builder = builder.config(&format!("Include \"{}\"", file.display()));
    }
    assert_eq!(builder.check().as_deref(), Ok("Syntax OK\n"));
}
