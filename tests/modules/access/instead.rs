//! What a sub-request does not judge, and what docs/access.md says to write instead.

use std::fs;

use harness::workspace;

use super::{of_file, site, start};

/// The rows of the table in docs/access.md: what gives documents away, and what refuses them too.
fn rows() -> Vec<(String, String)> {
    let text = fs::read_to_string(workspace().join("docs/access.md")).expect("docs/access.md");
    let code = |cell: &str| {
        let lines = cell.split('`').skip(1).step_by(2);
        lines.collect::<Vec<_>>().join("\n").replace("&#124;", "|")
    };
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [first, second, ..] = cells[..] else {
            panic!("not two cells: {row}");
        };
        (code(first), code(second))
    })
    .collect()
}

#[test]
fn what_is_to_be_written_instead_refuses_documents_too() {
    let rows = rows();
    assert!(rows.len() > 4, "{rows:?}");
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    for (n, (leaking, instead)) in rows.iter().enumerate() {
        let config = |text: &str| {
            text.replace("/rel/secret\\.iso", "@FILE@")
                .replace("/rel/secret.iso", "@FILE@")
        };
        for (way, text, refused) in [("leaks", leaking, false), ("instead", instead, true)] {
            let name = names[n];
            let site =
                site(&format!("access_{way}_{name}"), [name]).config(&of_file(&config(text), name));
            let httpd = start(site);
            let path = format!("/rel/{name}.iso");
            let file = httpd.get(&path);
            assert!(!file.location().contains("berlin"), "{text}: {file:?}");
            assert_ne!(file.status, 200, "{text}");
            let document = httpd.get(&format!("{path}.sha256"));
            assert_eq!(document.status != 200, refused, "{text}: {document:?}");
            assert_eq!(httpd.get("/rel/free.iso.sha256").status, 200, "{text}");
        }
    }
}
