//! The lower half of the page: who asks, the map, and the mirrors by group.

use maud::{Markup, html};
use mirror_selection::{Choice, Group};

use super::details::thousands;
use super::map::{self, Place};
use crate::document::{ClientInfo, Document, Sources};
use crate::{countries, escape};

/// What browsers open without doing something else than fetching the file.
const SCHEMES: [&str; 5] = ["http", "https", "ftp", "ftps", "rsync"];

pub(super) fn mirrors(doc: &Document<'_>) -> Markup {
    let place = doc.client.coordinates.and_then(map::known);
    html! {
        div id="mirrorbrain-mirrors" {
            h2 { "Mirrors" }
            @if doc.choices().is_empty() {
                (none(doc))
            } @else {
                p { (whereabouts(&doc.client)) }
                @if let Some(map) = map::map(place, doc.choices()) { (map) }
                @for group in doc.choices().chunk_by(|a, b| a.group() == b.group()) {
                    (mirror_group(doc, group, place))
                }
            }
        }
    }
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
                a href=(doc.file.self_url()) { "from this server" }
                "."
            }
        }
    }
}

/// One sentence about the client, of what is known.
fn whereabouts(client: &ClientInfo<'_>) -> Markup {
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
            Some(country) => { "Best first, for a visitor from " (country) },
            None => { "Best first" },
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
        .or_else(|| countries::name(code))
        .or(Some(code))
}

fn mirror_group(doc: &Document<'_>, choices: &[Choice<'_>], client: Option<Place>) -> Markup {
    let distances = client.is_some() && choices.iter().any(|c| map::place(c).is_some());
    html! {
        div class="mirrorbrain-mirrors-grp" {
            table {
                caption { h3 { (title(doc, choices)) } }
                thead {
                    tr {
                        th scope="col" { "Mirror" }
                        th scope="col" { "Country" }
                        @if distances { th scope="col" class="distance" { "Distance" } }
                    }
                }
                tbody {
                    @for choice in choices { (row(doc, choice, client.filter(|_| distances))) }
                }
            }
        }
    }
}

fn title(doc: &Document<'_>, choices: &[Choice<'_>]) -> String {
    let client = &doc.client;
    match choices.first().map(Choice::group) {
        Some(Group::Prefix) => "In your network".to_owned(),
        Some(Group::As) => match client.asn {
            Some(asn) => format!("At your provider (AS{asn})"),
            None => "At your provider".to_owned(),
        },
        Some(Group::Country) => match country(client) {
            Some(country) => format!("For your country, {country}"),
            None => "For every country".to_owned(),
        },
        Some(Group::Region) => match client.continent.and_then(countries::continent) {
            Some(continent) => format!("On your continent, {continent}"),
            None => "On your continent".to_owned(),
        },
        Some(Group::LastResort) => "Only if nothing else works".to_owned(),
        Some(Group::Elsewhere) | None => "Elsewhere".to_owned(),
    }
}

fn row(doc: &Document<'_>, choice: &Choice<'_>, client: Option<Place>) -> Markup {
    let url = doc.mirror_url(choice);
    let (scheme, host) = scheme_and_host(&url);
    let scheme = scheme.to_ascii_lowercase();
    let code = choice.country();
    let country = countries::name(code.as_str());
    let distance = client
        .zip(map::place(choice))
        .map(|(a, b)| map::distance(a, b));
    html! {
        tr {
            td {
                @if SCHEMES.contains(&&*scheme) { a href=(url) { (breakable(host)) } } @else { (url) }
                @if scheme != "http" && scheme != "https" { " " small { (scheme) } }
            }
            td { (country.unwrap_or(code.as_str())) }
            @if client.is_some() {
                td class="distance" { (distance.map(kilometres).unwrap_or_default()) }
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

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to 20,016"
)]
fn kilometres(distance: f64) -> String {
    format!("{} km", thousands(distance.round() as u64))
}
