//! Help, manual pages and completions, which are made from the table of arguments.

use crate::site::{Answer, Site, answer};
use clap::CommandFactory;
use mb::cli::Cli;
use std::fs;
use std::process::Command;

fn alone(arguments: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mb"));
    answer(
        command.args(["--config", "/nonexistent"]).args(arguments),
        "",
    )
}

/// The names of all commands but help.
fn commands() -> Vec<String> {
    let table = Cli::command();
    let names = table.get_subcommands().map(|command| command.get_name());
    names.map(str::to_owned).collect()
}

#[test]
fn the_table_of_arguments_makes_sense() {
    Cli::command().debug_assert();
}

#[test]
fn help_needs_neither_configuration_nor_database() {
    let whole = alone(&[]).ok();
    assert_eq!(alone(&["help"]).ok(), whole);
    for name in commands() {
        assert!(whole.contains(&format!("\n  {name} ")), "{name}");
        let help = alone(&["help", &name]).ok();
        assert!(help.contains("Usage:"), "{name}");
        assert!(alone(&[&name, "-h"]).ok().contains("Usage:"), "{name}");
    }
}

#[test]
fn completions_are_scripts_that_their_shells_read() {
    let site = Site::new("mb_completions");
    for shell in ["bash", "zsh", "fish"] {
        let script = alone(&["completions", shell]).ok();
        for name in commands() {
            assert!(script.contains(&name), "{shell}: {name}");
        }
        site.write(shell, &script);
    }
    let script =
        "source ./bash; COMP_WORDS=(mb sc); COMP_CWORD=1; _mb mb sc mb; echo ${COMPREPLY[*]}";
    let mut bash = Command::new("bash");
    let bash = bash
        .args(["--norc", "-c", script])
        .current_dir(site.dir.path());
    assert_eq!(answer(bash, "").ok(), "score scan\n");
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let site = Site::new("mb_man");
    let directory = site.path("man");
    fs::create_dir(&directory).expect("directory");
    site.mb(&["man", "man"]).ok();
    for name in commands() {
        let page = fs::read_to_string(directory.join(format!("mb-{name}.1"))).expect(&name);
        assert!(page.contains(".SH SYNOPSIS"), "{name}");
    }
    let page = fs::read_to_string(directory.join("mb.1")).expect("mb.1");
    assert!(page.contains("\\fB\\-\\-config\\fR"), "{page}");
}

#[test]
fn programs_of_the_original_are_links_to_mb() {
    let site = Site::new("mb_links");
    for (name, address, answered) in [
        ("geoiplookup_continent", "198.18.7.1", "EU\n"),
        (
            "geoiplookup_city",
            "198.18.7.1",
            "Continent: EU\nCountry: DE\nRegion id: \nRegion: \nCity: \nLatitude: 52.038100\n\
             Longitude: 8.848600\n",
        ),
    ] {
        let link = site.path(name);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mb"), &link).expect("link");
        let mut command = Command::new(&link);
        command.arg("-f").arg(site.path("geo.mmdb")).arg(address);
        assert_eq!(answer(&mut command, "").ok(), answered);
        let mut command = Command::new(&link);
        command
            .arg("-f")
            .arg(site.path("geo.mmdb"))
            .arg("192.0.3.1");
        let nothing = answer(&mut command, "");
        assert_eq!(nothing.status, Some(1), "{nothing:?}");
    }
}
