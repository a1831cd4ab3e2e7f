//! Numbers for people.

use crate::family::{Family, Kind, Sample};
use maud::{DOCTYPE, Markup, html};

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:1rem auto;\
padding:0 1rem}table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{text-align:left;\
padding:.1rem 1rem .1rem 0;vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums}\
h2{font-size:1.1rem;margin:0}p{margin:0}";

/// The whole page.
pub(crate) fn page(version: &str, families: &[Family]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="robots" content="noindex";
                title { "MirrorBrain status" }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { "MirrorBrain status" }
                p {
                    (version) ", since the last restart, all children added up. For programs: "
                    a href="?json" { "JSON" } ", " a href="?prometheus" { "Prometheus" } "."
                }
                @for family in families.iter().filter(|family| !family.samples.is_empty()) {
                    section { h2 { (title(family)) } p { (family.help) } (table(family)) }
                }
            }
        }
    };
    page.into_string()
}

/// A part of mod_status' page, which is of another time.
pub(crate) fn part(families: &[Family]) -> String {
    let part = html! {
        hr;
        h1 { "MirrorBrain" }
        @for family in families.iter().filter(|family| !family.samples.is_empty()) {
            h2 { (title(family)) }
            (table(family))
        }
    };
    part.into_string()
}

/// The name, as words.
fn title(family: &Family) -> String {
    let name = family.name.trim_start_matches("mirrorbrain_");
    let mut words = name.trim_end_matches("_total").replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

fn table(family: &Family) -> Markup {
    if family.kind == Kind::Histogram {
        return times(family);
    }
    html! {
        table {
            @for sample in &family.samples {
                tr {
                    @for (_, value) in &sample.labels { td { (value) } }
                    td.n { (sample.value) }
                }
            }
        }
    }
}

/// Of histograms the number and the mean.
fn times(family: &Family) -> Markup {
    let of = |suffix| {
        let samples = family.samples.iter();
        samples.filter(move |sample: &&Sample| sample.suffix == suffix)
    };
    html! {
        table {
            tr { th { "database" } th { "step" } th { "times" } th { "mean" } }
            @for (sum, count) in of("_sum").zip(of("_count")).filter(|(_, n)| n.value > 0.0) {
                tr {
                    @for (_, value) in &sum.labels { td { (value) } }
                    td.n { (count.value) }
                    td.n { (format!("{:.1} ms", sum.value / count.value * 1000.0)) }
                }
            }
        }
    }
}
