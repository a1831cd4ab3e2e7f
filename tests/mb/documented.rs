//! The examples of docs/mb.md: each command is run, and gives what the page shows.
//!
//! A line `...` stands for any lines, `...` within a line for any text.

use crate::site::Site;
use clap::CommandFactory;
use harness::workspace;
use mb::cli::Cli;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A command line and what it prints.
struct Example {
    line: String,
    expected: Vec<String>,
}

fn examples(page: &str) -> Vec<Example> {
    let blocks = page.split("```console\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap_or_default());
    let mut examples: Vec<Example> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        if let Some(line) = line.strip_prefix("$ ") {
            examples.push(Example {
                line: line.to_owned(),
                expected: Vec::new(),
            });
        } else if let Some(last) = examples.last_mut() {
            last.expected.push(line.to_owned());
        }
    }
    examples
}

/// Whether a text is what a pattern says.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once("...") {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len())
                .filter(|at| text.is_char_boundary(*at))
                .any(|at| fits(rest, &text[at..]))
        }),
    }
}

fn all_fit(patterns: &[String], lines: &[&str]) -> bool {
    match patterns.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=lines.len()).any(|at| all_fit(rest, &lines[at..]))
        }
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, lines)| fits(first, line) && all_fit(rest, lines)),
    }
}

/// A mirror to ask, which ends with the test.
struct Mirror(Child);

impl Mirror {
    fn start(site: &Site, port: u16) -> Self {
        let tree = site.path("tree/release/1.0");
        fs::create_dir_all(&tree).expect("tree");
        fs::write(tree.join("image.iso"), "hello\n").expect("image.iso");
        fs::write(site.path("tree/index.html"), "hello\n").expect("index.html");
        let child = Command::new("python3")
            .args([
                "-m",
                "http.server",
                "--bind",
                "127.0.0.1",
                &port.to_string(),
            ])
            .current_dir(site.path("tree"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python3");
        let mirror = Self(child);
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "no mirror");
            std::thread::sleep(Duration::from_millis(20));
        }
        mirror
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        // It has ended already, or ends now.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_example_gives_what_the_page_shows() {
    let site = Site::new("mb_documented");
    site.db
        .sql("DELETE FROM hash; DELETE FROM filearr; DELETE FROM marker; DELETE FROM server");
    let port = harness::free_port();
    let _mirror = Mirror::start(&site, port);
    fs::create_dir(site.path("bin")).expect("bin");
    let wrapper = format!(
        "#!/bin/sh\nexec {} --config {} \"$@\"\n",
        env!("CARGO_BIN_EXE_mb"),
        site.path("mirrorbrain.conf").display()
    );
    site.write("bin/mb", &wrapper);
    let page = fs::read_to_string(workspace().join("docs/mb.md")).expect("docs/mb.md");
    let page = page.replace("127.0.0.1:8000", &format!("127.0.0.1:{port}"));
    let examples = examples(&page);
    // One shell for all, so that what is exported stays; a mark tells where each output ends.
    let mut script = String::from("chmod +x bin/mb; PATH=$PWD/bin:$PATH; cd work\n");
    for example in &examples {
        script.push_str(&format!("{{ {}\n}} 2>&1; echo '~~~~'\n", example.line));
    }
    fs::create_dir(site.path("work")).expect("work");
    site.write("script", &script);
    let mut shell = Command::new("bash");
    let shell = shell
        .args(["--norc", "script"])
        .current_dir(site.dir.path())
        .env_remove("MB")
        .envs([("LC_ALL", "C.UTF-8"), ("TZ", "UTC")]);
    let text = crate::site::answer(shell, "").ok();
    let mut outputs = text.split("~~~~\n");
    for Example { line, expected } in &examples {
        let output = outputs.next().unwrap_or("nothing");
        let lines: Vec<&str> = output.lines().collect();
        assert!(
            all_fit(expected, &lines),
            "$ {line}\n{output}\nexpected: {expected:#?}"
        );
    }
}

#[test]
fn every_command_has_an_example() {
    let page = fs::read_to_string(workspace().join("docs/mb.md")).expect("docs/mb.md");
    let examples = examples(&page);
    // It comes later.
    let later = ["probe"];
    for command in Cli::command().get_subcommands() {
        let name = command.get_name();
        let call = format!("mb {name}");
        let has_one = examples.iter().any(|example| {
            let mut words = example.line.match_indices(&call);
            words.any(|(at, _)| {
                let after = example.line[at + call.len()..].chars().next();
                after.is_none_or(|c| c == ' ')
            })
        });
        assert!(
            has_one || later.contains(&name),
            "{name} has no example in docs/mb.md"
        );
    }
}
