//! The same files, read by Python's `configparser`.
//!
//! Python 3 differs from Python 2, whose rules ours are, in corners that are left out here and tested
//! beside the code: comments in continuation lines, blank lines before one, `rem`, `""`.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use site_config::SiteConfig;
use site_config::ini::Ini;
use std::io::Write;
use std::process::{Command, Stdio};

/// How many files.
const FILES: usize = 3000;

/// Reads a list of files; of each, the sections with their values as they stand and as
/// `ConfigParser` would replace `%` in them, or null if it is none.
const PYTHON: &str = r#"
import configparser, json, sys
rules = dict(strict=False, inline_comment_prefixes=(";",), empty_lines_in_values=False)
def read(text):
    raw = configparser.RawConfigParser(**rules)
    replacing = configparser.ConfigParser(**rules)
    try:
        raw.read_string(text)
    except configparser.Error:
        return None
    sections = {}
    for name in raw.sections():
        sections[name] = values = {}
        for key, value in raw.items(name):
            replacing.read_dict({name: {}})
            try:
                replacing.read_string(text)
                replaced = replacing.get(name, key)
            except configparser.Error:
                replaced = None
            values[key] = [value, replaced]
    return sections
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
"#;

/// A value without what the two Pythons read differently.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zA-Z0-9_./:=@\"'#é-]{1,12}( [a-z0-9=:#]{1,6}){0,2}",
        1 => "[a-z]{1,4};[a-z]{1,4}",
        1 => Just("%(b)s/x".to_owned()),
        1 => Just("100%% of %(nothing)s".to_owned()),
        1 => Just(String::new()),
    ]
    // Python 2 has `""` for nothing.
    .prop_filter("is \"\"", |value| value != "\"\"")
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[ab]", "[A-B]", "[a-z][a-z_. é]{0,6}[a-z]", "İ"]
        .prop_filter("is a comment in Python 2", |key| !key.starts_with("rem"))
}

/// A line, or several.
fn line() -> impl Strategy<Value = String> {
    let blanks = "[ \t]{0,2}";
    let comment = prop_oneof![3 => Just(String::new()), 1 => "[ \t]; [a-z ;=]{0,8}"];
    let more = vec("[ \t]{1,3}[a-z0-9=:]{1,8}", 0..3);
    prop_oneof![
        6 => (key(), blanks, "[=:]", blanks, value(), comment, blanks, more).prop_map(
            |(key, before, sign, after, value, comment, end, more)| {
                let more: String = more.iter().map(|line| format!("\n{line}")).collect();
                // A comment at the very beginning of a value is one in Python 3 only.
                // Python 2 looks for one at the first semicolon only.
                let comment = if value.is_empty() || value.contains(';') { "" } else { &comment };
                format!("{key}{before}{sign}{after}{value}{comment}{end}{more}\n")
            }
        ),
        2 => "\\[(a|b|DEFAULT|Main|x y)\\]( ?[a-z;#]{0,5})\n",
        1 => "[#;][ -~]{0,12}\n",
        1 => Just("what is this\n".to_owned()),
    ]
}

fn file() -> impl Strategy<Value = String> {
    vec(line(), 0..12).prop_map(|lines| format!("[first]\n{}", lines.concat()))
}

fn read_by_python(files: &[String]) -> Vec<Value> {
    let mut python = Command::new("python3")
        .args(["-c", PYTHON])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let mut stdin = python.stdin.take().expect("pipe");
    let text = serde_json::to_vec(files).expect("JSON");
    let writer = std::thread::spawn(move || stdin.write_all(&text));
    let output = python.wait_with_output().expect("python3");
    writer.join().expect("writer").expect("files");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn files_are_read_as_python_reads_them() {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let file = file();
    let files: Vec<String> = (0..FILES)
        .map(|_| file.new_tree(&mut runner).expect("a file").current())
        .collect();
    let (mut read, mut refused) = (0, 0);
    for (text, python) in files.iter().zip(read_by_python(&files)) {
        let ini = Ini::parse(text);
        let Value::Object(sections) = python else {
            assert!(ini.is_err(), "Python refuses {text:?}");
            refused += 1;
            continue;
        };
        let ini = ini.unwrap_or_else(|e| panic!("{e}: Python reads {text:?}"));
        let names: Vec<&str> = ini.sections().collect();
        assert_eq!(names.len(), sections.len(), "{text:?}");
        for (section, values) in &sections {
            let values = values.as_object().expect("values");
            for (key, value) in values {
                let ours = ini.get(section, key).map(|entry| &*entry.value);
                assert_eq!(ours, value[0].as_str(), "{key} of {section} in {text:?}");
            }
            for (key, _) in ini.entries(section) {
                assert!(values.contains_key(key), "{key} of {section} in {text:?}");
            }
        }
        read += 1;
    }
    assert!(
        read > 500 && refused > 100,
        "{read} read, {refused} refused"
    );
}

/// What the original would have replaced is taken as it stands, and told.
#[test]
fn what_python_would_replace_is_told() {
    let values = ["plain", "%(dbuser)s", "a%%b", "%(x)s", "100%", "%(", "%"];
    let text = |value: &str| {
        format!(
            "[general]\ninstances = a\n[a]\ndbuser = u\ndbhost = h\ndbname = n\ndbpass = {value}\n"
        )
    };
    let files: Vec<String> = values.iter().map(|value| text(value)).collect();
    for ((value, text), python) in values.iter().zip(&files).zip(read_by_python(&files)) {
        let config = SiteConfig::parse(text).expect("a configuration");
        let instance = config.instance(None).expect("an instance");
        assert_eq!(instance.database.password, *value);
        let replaced = python["a"]["dbpass"][1].as_str();
        // Python refuses the others, so no site has them.
        if let Some(replaced) = replaced {
            assert_eq!(config.warnings.is_empty(), replaced == *value, "{value}");
        }
    }
}
