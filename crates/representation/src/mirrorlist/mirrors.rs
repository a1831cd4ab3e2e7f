//! The lower half of the page: who asks, the map, and the mirrors by group.

use maud::{Markup, html};
use mirror_selection::{Choice, Group as Reason, Operator};

use super::details::thousands;
use super::map::{self, Place};
use crate::document::{ClientInfo, Document, Sources};
use crate::escape;
use places::Continent;

/// What browsers open without doing something else than fetching the file.
const SCHEMES: [&str; 5] = ["http", "https", "ftp", "ftps", "rsync"];

/// How many mirrors are shown at once. On a phone each takes three lines.
const OPEN: usize = 10;

pub(super) fn mirrors(doc: &Document<'_>) -> Markup {
    let place = doc.client.coordinates.and_then(map::known);
    let mut open = OPEN;
    html! {
        div id="mirrorbrain-mirrors" {
            h2 { "Mirrors" }
            @if doc.choices().is_empty() {
                (none(doc))
            } @else {
                p { (whereabouts(doc, place.is_some())) }
                @if let Some(map) = map::map(place, doc.choices()) { (map) }
                @for group in doc.choices().chunk_by(|a, b| a.group() == b.group()) {
                    (Group { doc, choices: shown_order(doc, group, place), client: place }.show(&mut open))
                }
                p class="origin" {
                    "The address to pass on is "
                    a href=(doc.file.self_url()) rel="nofollow" { (doc.file.self_url()) }
                    ": this server sends everybody to a mirror nearby."
                }
            }
        }
    }
}

/// The mirrors of a group by what the page shows of them, the nearest first. MirrorBrain 2.19 has
/// them in the order of its metalinks, which is by the distance on the map. Where shares make the order, they are
/// shown.
fn shown_order<'a>(
    doc: &Document<'_>,
    choices: &'a [Choice<'a>],
    client: Option<Place>,
) -> Vec<&'a Choice<'a>> {
    let mut choices: Vec<_> = choices.iter().collect();
    if let Some(client) = client.filter(|_| !doc.compatible && !is_shared(&choices)) {
        let distance = |choice: &&Choice<'_>| {
            let distance = map::place(choice).map(|place| map::distance(client, place));
            // Bits of a number that is not negative sort as the number does.
            distance.unwrap_or(f64::INFINITY).to_bits()
        };
        choices.sort_by_cached_key(distance);
    }
    choices
}

/// Whether shares of requests made the order.
fn is_shared(choices: &[&Choice<'_>]) -> bool {
    choices.iter().any(|choice| choice.weight().is_some())
}

fn none(doc: &Document<'_>) -> Markup {
    let why = match doc.sources {
        Sources::OriginOnly => "This file is not given to mirrors.",
        Sources::Mirrors(_) => "No mirror that you can use has this file now.",
    };
    html! {
        div id="mirrorbrain-mirrors-none" {
            p {
                (why) " It is sent "
                a href=(doc.file.self_url()) rel="nofollow" { "from this server" }
                "."
            }
        }
    }
}

/// One sentence about the client, of what is known.
fn whereabouts(doc: &Document<'_>, placed: bool) -> Markup {
    let client = &doc.client;
    let is_shared = doc.choices().first().and_then(Choice::weight).is_some();
    let order = if placed && !doc.compatible && !is_shared {
        "The nearest of each group first"
    } else {
        "Best first"
    };
    let network: Vec<String> = [
        client.address.map(|a| a.to_owned()),
        client.asn.map(|asn| format!("AS{asn}")),
        client.prefix.map(|p| format!("network {p}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let network = escape::line(&network.join(", ")).into_owned();
    html! {
        @match country(client) {
            Some(country) => { (order) ", for a visitor from " (country) },
            None => { (order) },
        }
        @if !network.is_empty() { " (" bdi { (network) } ")" }
        "."
    }
}

/// Name of the client's country, else its code.
fn country<'a>(client: &ClientInfo<'a>) -> Option<&'a str> {
    let known = |text: &&str| !text.is_empty() && *text != "--";
    let code = client.country.filter(known)?;
    client
        .country_name
        .filter(known)
        .or_else(|| places::country_name(code))
        .or(Some(code))
}

/// The mirrors that are for the same reason where they are.
struct Group<'a> {
    doc: &'a Document<'a>,
    choices: Vec<&'a Choice<'a>>,
    client: Option<Place>,
}

impl Group<'_> {
    /// Shows as many as are still to be `open`, and folds the others.
    fn show(&self, open: &mut usize) -> Markup {
        let title = title(self.doc, self.choices.first().map(|choice| choice.group()));
        let (shown, folded) = self
            .choices
            .split_at_checked(*open)
            .unwrap_or((&self.choices, &[]));
        *open -= shown.len();
        html! {
            div class="mirrorbrain-mirrors-grp" {
                h3 { (title) }
                @if !shown.is_empty() { (self.table(&title, shown)) }
                @if !folded.is_empty() {
                    details {
                        summary {
                            (folded.len())
                            @if !shown.is_empty() { " more" }
                            @else if folded.len() == 1 { " mirror" }
                            @else { " mirrors" }
                        }
                        (self.table(&title, folded))
                    }
                }
            }
        }
    }

    fn table(&self, title: &str, choices: &[&Choice<'_>]) -> Markup {
        let distances =
            self.client.is_some() && self.choices.iter().any(|c| map::place(c).is_some());
        let client = self.client.filter(|_| distances);
        let is_shared = is_shared(&self.choices);
        html! {
            table aria-label=(title) {
                thead {
                    tr {
                        th scope="col" { "Mirror" }
                        th scope="col" { "Country" }
                        @if distances { th scope="col" class="distance" { "Distance" } }
                        @if is_shared {
                            th scope="col" class="distance" { "Weight" }
                            th scope="col" class="distance" { "Share" }
                        }
                    }
                }
                tbody {
                    @for choice in choices { (row(self.doc, choice, client)) }
                }
            }
        }
    }
}

fn title(doc: &Document<'_>, group: Option<Reason>) -> String {
    let client = &doc.client;
    match group {
        Some(Reason::Prefix) => "In your network".to_owned(),
        Some(Reason::As) => match client.asn {
            Some(asn) => format!("At your provider (AS{asn})"),
            None => "At your provider".to_owned(),
        },
        Some(Reason::Country) => match country(client) {
            Some(country) => format!("For your country, {country}"),
            None => "For every country".to_owned(),
        },
        Some(Reason::Region) => match client
            .continent
            .and_then(Continent::parse)
            .map(Continent::name)
        {
            Some(continent) => format!("On your continent, {continent}"),
            None => "On your continent".to_owned(),
        },
        Some(Reason::LastResort) => "Only if nothing else works".to_owned(),
        Some(Reason::Elsewhere) | None => "Elsewhere".to_owned(),
    }
}

fn row(doc: &Document<'_>, choice: &Choice<'_>, client: Option<Place>) -> Markup {
    let url = doc.mirror_url(choice);
    let (scheme, host) = scheme_and_host(&url);
    let scheme = scheme.to_ascii_lowercase();
    let code = choice.country();
    let country = places::country_name(code.as_str());
    let distance = client
        .zip(map::place(choice))
        .map(|(a, b)| map::distance(a, b));
    html! {
        tr {
            td {
                @if SCHEMES.contains(&&*scheme) {
                    a href=(url) rel="nofollow" { (breakable(host)) } " " small { (scheme) }
                } @else { (url) }
                @if let Some(operator) = &choice.mirror().operator { (operated(doc, operator)) }
            }
            td { (country.unwrap_or(code.as_str())) }
            @if client.is_some() {
                td class="distance" { (distance.map(kilometres).unwrap_or_default()) }
            }
            @if let Some(weight) = choice.weight() {
                td class="distance" { (significant(weight.rate)) }
                td class="distance" { (significant(weight.share() * 100.0)) " %" }
            }
        }
    }
}

/// Who runs a mirror. In a page of MirrorBrain 2.19 the only links of a group are mirrors.
fn operated(doc: &Document<'_>, operator: &Operator) -> Markup {
    let name = escape::line(&operator.name);
    html! {
        br;
        small {
            "run by "
            @match operator.url.as_deref().filter(|_| !doc.compatible) {
                Some(url) => { a href=(url) rel="nofollow" { bdi { (name) } } }
                None => { bdi { (name) } }
            }
        }
    }
}

/// A host name that may be broken after its dots, so that it fits a phone's column.
fn breakable(host: &str) -> Markup {
    html! {
        @for (index, label) in host.split('.').enumerate() {
            @if index > 0 { "." wbr; }
            (label)
        }
    }
}

/// Scheme, and host with port: enough to tell mirrors apart.
fn scheme_and_host(url: &str) -> (&str, &str) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    (scheme, if host.is_empty() { url } else { host })
}

/// Two digits, and none that say nothing.
fn significant(number: f64) -> String {
    match number {
        _ if number >= 10.0 => format!("{number:.0}"),
        _ if number >= 0.1 => format!("{number:.1}"),
        _ => "< 0.1".to_owned(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 20,016"
)]
fn kilometres(distance: f64) -> String {
    format!("{} km", thousands(distance.round() as u64))
}
