//! httpd on this machine: is its configuration right, and which of our modules does it load?

use super::report::Report;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SUBJECT: &str = "httpd";

/// What controls httpd is called otherwise from system to system.
const PROGRAMS: [&str; 4] = ["apache2ctl", "apachectl", "httpd", "apache2"];

/// Our modules: the name in `LoadModule`, the file, and whether nothing works without it.
const MODULES: [(&str, &str, bool); 3] = [
    ("mirrorbrain_module", "mod_mirrorbrain", true),
    ("asn_module", "mod_asn", false),
    ("autoindex_mb_module", "mod_autoindex_mb", false),
];

pub fn look(report: &mut Report) {
    let Some((program, dump)) = PROGRAMS
        .iter()
        .find_map(|name| ask(name).map(|dump| (name, dump)))
    else {
        let text = "not found on this machine";
        report.warning(SUBJECT, text, "none is needed where only the tools run");
        return;
    };
    if let Some(file) = dump.missing_configuration() {
        let text = format!("{program} is here, and serves nothing: there is no {file}");
        report.warning(SUBJECT, text, "none is needed where only the tools run");
        return;
    }
    if !dump.is_right {
        let line = dump
            .text
            .lines()
            .find(|line| !line.trim().is_empty())
            .unwrap_or_default();
        let advice = format!("{program} -t says more; as root it can read all files");
        report.error(
            SUBJECT,
            format!("its configuration is refused: {line}"),
            advice,
        );
        return;
    }
    let loaded = |name: &str| dump.text.lines().any(|line| line.trim().starts_with(name));
    for (name, file, is_needed) in MODULES {
        if loaded(name) {
            report.ok(SUBJECT, format!("loads {}", describe(program, name, file)));
        } else if is_needed {
            let advice = "LoadModule it where downloads are served (httpd-conf/mirrorbrain.conf)";
            report.warning(SUBJECT, format!("does not load {file}"), advice);
        }
    }
    replaced(report);
}

struct Dump {
    is_right: bool,
    text: String,
}

impl Dump {
    /// The main configuration file, if it is not there: only the program is installed (Debian's
    /// apache2-bin), or another machine's httpd is meant.
    fn missing_configuration(&self) -> Option<&str> {
        let line = self.text.lines().find_map(|line| {
            line.split_once("ould not open configuration file ")
                .map(|(_, rest)| rest)
        })?;
        line.strip_suffix(": No such file or directory")
    }
}

/// Which modules a program would load; `None` if it is not there.
fn ask(program: &str) -> Option<Dump> {
    let output = Command::new(program)
        .args(["-t", "-D", "DUMP_MODULES"])
        .output()
        .ok()?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    let is_right = output.status.success();
    Some(Dump { is_right, text })
}

/// The module with the version that its file names.
fn describe(program: &str, name: &str, file: &str) -> String {
    let path = module_path(program, name);
    let version = path.as_deref().and_then(|path| version(path, file));
    match (version, path) {
        (Some(version), Some(path)) => format!("{version} ({})", path.display()),
        (None, Some(path)) => format!("{file} ({}), which is not of this project", path.display()),
        (_, None) => file.to_owned(),
    }
}

/// Where `LoadModule` finds a module.
fn module_path(program: &str, name: &str) -> Option<PathBuf> {
    let output = Command::new(program)
        .args(["-t", "-D", "DUMP_INCLUDES"])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let files = text
        .lines()
        .filter_map(|line| line.split_whitespace().last());
    for file in files.filter(|file| file.starts_with('/')) {
        let config = fs::read_to_string(file).unwrap_or_default();
        for line in config.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [directive, module, path] = words[..]
                && directive.eq_ignore_ascii_case("LoadModule")
                && module == name
                && path.starts_with('/')
            {
                return Some(path.trim_matches('"').into());
            }
        }
    }
    None
}

/// `mod_asn/1.0.0`, as the file itself has it.
fn version(path: &Path, file: &str) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    let wanted = format!("{file}/").into_bytes();
    let is_version = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    bytes
        .windows(wanted.len())
        .enumerate()
        .find_map(|(start, window)| {
            let rest = bytes.get(start + wanted.len()..)?;
            let length = rest.iter().take_while(|byte| is_version(byte)).count();
            let text = String::from_utf8_lossy(rest.get(..length)?).into_owned();
            (window == wanted && text.starts_with(|c: char| c.is_ascii_digit()))
                .then(|| format!("{file}/{}", text.trim_end_matches('.')))
        })
}

/// A module whose file was replaced goes on running as it was until httpd is stopped.
fn replaced(report: &mut Report) {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut maps = processes.filter_map(|entry| fs::read_to_string(entry.path().join("maps")).ok());
    let is_replaced = |map: String| {
        map.lines().any(|line| {
            let names = MODULES
                .iter()
                .map(|(_, file, _)| format!("/{file}.so (deleted)"));
            names.into_iter().any(|name| line.ends_with(&name))
        })
    };
    if maps.any(is_replaced) {
        let text = "a running httpd has an older module than the file on disk";
        report.warning(SUBJECT, text, "stop and start it; a restart is not enough");
    }
}

#[cfg(test)]
mod tests {
    use super::Dump;

    /// As apache2 2.4.67 says it where only apache2-bin is installed, and httpd 2.4.37 of an own build.
    #[test]
    fn a_missing_configuration_is_told_from_a_wrong_one() {
        let missing = |text: &str| {
            let dump = Dump {
                is_right: false,
                text: text.to_owned(),
            };
            dump.missing_configuration().map(str::to_owned)
        };
        let text = "apache2: Could not open configuration file /etc/apache2/apache2.conf: No such file or directory\n";
        assert_eq!(missing(text).as_deref(), Some("/etc/apache2/apache2.conf"));
        let text = "httpd: could not open configuration file /a b.conf: No such file or directory";
        assert_eq!(missing(text).as_deref(), Some("/a b.conf"));
        for text in [
            "AH00526: Syntax error on line 1 of /etc/apache2/apache2.conf:",
            "apache2: Could not open configuration file /etc/apache2/apache2.conf: Permission denied",
            "",
        ] {
            assert_eq!(missing(text), None);
        }
    }
}
