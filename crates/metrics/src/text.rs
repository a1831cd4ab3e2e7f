//! Numbers for programs.

use crate::family::{Family, Kind, Sample};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Prometheus' text format 0.0.4.
pub(crate) fn prometheus(families: &[Family]) -> String {
    let mut text = String::new();
    for family in families.iter().filter(|family| !family.samples.is_empty()) {
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Histogram => "histogram",
            Kind::Gauge | Kind::Largest | Kind::Oldest | Kind::Which => "gauge",
        };
        let Family { name, help, .. } = family;
        // Writing to a String cannot fail, here and below.
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for Sample {
            suffix,
            labels,
            value,
        } in &family.samples
        {
            let labels: Vec<String> = labels
                .iter()
                .map(|(key, value)| format!("{key}=\"{}\"", escaped(value)))
                .collect();
            let _ = if labels.is_empty() {
                writeln!(text, "{name}{suffix} {value}")
            } else {
                writeln!(text, "{name}{suffix}{{{}}} {value}", labels.join(","))
            };
        }
    }
    text
}

/// A label's value.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    text.replace('\n', "\\n")
}

/// An object with an array for each name; each number is an object of its labels and `value`.
pub(crate) fn json(version: &str, families: &[Family]) -> String {
    let mut all = Map::new();
    all.insert("version".to_owned(), version.into());
    for family in families {
        let numbers = family.samples.iter().map(|sample| {
            let mut number = Map::new();
            if !sample.suffix.is_empty() {
                number.insert(
                    "of".to_owned(),
                    sample.suffix.trim_start_matches('_').into(),
                );
            }
            for (key, value) in &sample.labels {
                number.insert((*key).to_owned(), value.as_str().into());
            }
            number.insert("value".to_owned(), whole(sample.value));
            Value::Object(number)
        });
        all.insert(family.name.clone(), numbers.collect());
    }
    Value::Object(all).to_string()
}

/// A number without a fraction, if it has none.
fn whole(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        json!(value as i64)
    } else {
        json!(value)
    }
}

/// Lines as those of mod_status' `?auto`: a name without spaces, a colon, a number.
pub(crate) fn auto(families: &[Family]) -> String {
    let mut text = String::new();
    for family in families
        .iter()
        .filter(|family| family.kind != Kind::Histogram)
    {
        for sample in &family.samples {
            let labels: String = sample
                .labels
                .iter()
                .map(|(_, value)| format!("_{}", value.replace([' ', ':', '\n'], "_")))
                .collect();
            let _ = writeln!(text, "{}{labels}: {}", family.name, sample.value);
        }
    }
    text
}
