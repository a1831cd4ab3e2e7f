//! On a terminal the output is for people.

use crate::site::{Answer, Site, answer};
use std::process::Command;

/// Runs `mb` on a terminal of 80 columns, which script(1) makes.
fn on_terminal(site: &Site, arguments: &str, variables: &[(&str, &str)]) -> Answer {
    let program = env!("CARGO_BIN_EXE_mb");
    let line = format!("stty cols 80; {program} --config mirrorbrain.conf {arguments}");
    let mut command = Command::new("script");
    command
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env_remove("NO_COLOR")
        .env_remove("MB")
        .envs([("TERM", "xterm"), ("SHELL", "/bin/sh")])
        .envs(variables.iter().copied())
        .current_dir(site.dir.path());
    answer(&mut command, "")
}

#[test]
fn a_list_is_a_table_with_headings_and_colours() {
    let site = Site::new("mb_terminal_list");
    let answer = on_terminal(&site, "list -c us --prio", &[]);
    assert_eq!(answer.status, Some(0), "{answer:?}");
    assert!(answer.stdout.contains("\x1b[1mmirror\x1b[0m"), "{answer:?}");
    assert!(answer.stdout.contains("\x1b[32mok\x1b[0m"), "{answer:?}");
}

#[test]
fn no_color_takes_the_colours_away() {
    let site = Site::new("mb_terminal_no_color");
    let answer = on_terminal(&site, "list -c us --prio", &[("NO_COLOR", "1")]);
    let lines = [
        "mirror                    state  score",
        "ftp.iris.example          ok       100",
        "mirror.yew.example.us     ok        80",
        "mirror.nutmeg.example.us  ok       200",
        "",
    ];
    assert_eq!(answer.stdout, lines.join("\r\n"));
    let answer = on_terminal(&site, "enable nosuch", &[("NO_COLOR", "1")]);
    assert!(
        answer
            .stdout
            .starts_with("mb: nosuch: Not found.\r\nhint: "),
        "{answer:?}"
    );
}

#[test]
fn what_a_mirror_says_does_not_move_the_cursor() {
    let site = Site::new("mb_terminal_escape");
    site.db.sql(
        "UPDATE server SET operator_name = E'a\\x1b[2Jb', comment = E'\\x1b]0;x\\x07' WHERE id = 2",
    );
    for arguments in ["show balsa", "show balsa --json", "edit balsa"] {
        let answer = on_terminal(
            &site,
            arguments,
            &[("NO_COLOR", "1"), ("EDITOR", "sed -i s/^score.*/score:7/")],
        );
        assert!(!answer.stdout.contains('\x1b'), "{answer:?}");
    }
    let answer = on_terminal(&site, "show balsa", &[("NO_COLOR", "1")]);
    assert!(answer.stdout.contains("a\\u{1b}[2Jb"), "{answer:?}");
}
