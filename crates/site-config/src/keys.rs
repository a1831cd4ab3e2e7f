//! What keys there are: what else a file has is probably a slip.

use crate::ini::Ini;

const GENERAL: &[&str] = &["instances", "maxmind_city_db", "maxmind_asn_db"];

const INSTANCE: &[&str] = &[
    "dbuser",
    "dbpass",
    "dbhost",
    "dbname",
    "dbport",
    "dbdriver",
    "scan_top_include",
    "scan_exclude",
    "scan_exclude_rsync",
    "scan_origin",
    "scan_interval",
    "scan_timeout",
    "scan_tolerance",
    "scan_exact_times",
    "scan_removal_percent",
    "scan_removal_files",
    "allow_outdated",
    "chunked_hashes",
    "chunk_size",
    "zsync_hashes",
    "apache_documentroot",
];

const PROBE: &[&str] = &["logfile", "loglevel", "mailto"];

pub(crate) struct Unknown;

impl Unknown {
    /// A sentence for each key that nobody asks for, in the sections that somebody does.
    pub fn of(ini: &Ini, instances: &[String]) -> Vec<String> {
        let mut sentences = Vec::new();
        for section in ini.sections() {
            let known = match section {
                "general" => GENERAL,
                "mirrorprobe" => PROBE,
                name if instances.iter().any(|instance| instance == name) => INSTANCE,
                _ => continue,
            };
            for (key, entry) in ini.entries(section) {
                let line = entry.line;
                if !known.contains(&key) {
                    let hint = hint(key, known);
                    let sentence =
                        format!("line {line}: nobody asks for {key} in [{section}]{hint}");
                    sentences.push(sentence);
                } else if is_interpolation(&entry.value) {
                    sentences.push(format!(
                        "line {line}: {key} in [{section}] is taken as it stands; %% and %(...)s \
                         are not replaced"
                    ));
                }
            }
        }
        sentences
    }
}

/// What the original would have replaced: `%(name)s` and `%%`.
fn is_interpolation(value: &str) -> bool {
    let after = value.split_once("%(").map(|(_, after)| after);
    after.is_some_and(|after| after.contains(")s")) || value.contains("%%")
}

/// The known key that is meant, if one is near.
fn hint(key: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .min_by_key(|other| strsim::levenshtein(key, other));
    match nearest {
        Some(other) if strsim::levenshtein(key, other) <= 2 => format!("; is {other} meant?"),
        _ => String::new(),
    }
}
