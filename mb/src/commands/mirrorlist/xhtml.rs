//! The list as a page.

use super::carried::Carried;
use crate::error::Failure;
use crate::time;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use maud::{Markup, PreEscaped, html};
use mirror_db::tables::place_name::{self, Names};
use mirror_db::tables::server::Server;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pg::Connection;
use std::fs;
use std::path::{Path, PathBuf};

/// After so many mirrors the names of the markers are repeated.
const REPEAT: usize = 20;

/// Columns without those of markers.
const COLUMNS: usize = 6;

/// `%(style)s` is ours.
const HEAD: &str = r#"<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head>
  <meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
  <meta name="viewport" content="width=device-width, initial-scale=1" />
  <title>%(title)s</title>
  <link rel="stylesheet" type="text/css" href="data:text/css,%(style)s" />
</head>
<body>
"#;

const STYLE: &str = "\
body{font-family:sans-serif;margin:1em;color:#222;background:#fff}\
table{border-collapse:collapse}\
caption{font-size:120%;font-weight:bold;text-align:left;padding:.5em 0}\
th,td{padding:.2em .6em;text-align:left}\
th{border-bottom:2px solid #888}\
tr.odd{background:#f2f2f2}\
td.newregion{font-weight:bold;padding-top:1em;border-bottom:1px solid #888}\
td.a,td.b,th.a,th.b{text-align:center}\
td.a,th.a{background:rgba(0,80,160,.06)}\
address{font-size:80%;margin-top:1em}";

const FOOT: &str = r#"<address>Made by <a href="https://www.mirrorbrain.org/">MirrorBrain</a>, %(utc)s</address>
</body>
</html>
"#;

/// Options of the page.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// xhtml: the title, as HTML
    #[arg(
        short,
        long,
        value_name = "HTML",
        default_value = "Download Mirrors - Overview"
    )]
    title: String,

    /// xhtml: the caption of the table, as HTML
    #[arg(short, long, value_name = "HTML", default_value = "All mirrors")]
    caption: String,

    /// xhtml: a file in place of all that is above the table; in it %(title)s and %(utc)s are replaced
    #[arg(short = 'H', long, value_name = "FILE")]
    html_header: Option<PathBuf>,

    /// xhtml: a file in place of all that is below the table; in it %(utc)s is replaced
    #[arg(short = 'B', long, value_name = "FILE")]
    html_footer: Option<PathBuf>,

    /// xhtml: the type of the flags' files
    #[arg(short, long, value_name = "TYPE", default_value = "png")]
    image_type: String,

    /// xhtml: take the flags from here into the page, instead of naming flags/XY.png
    #[arg(short = 'I', long, value_name = "DIR")]
    inline_images_from: Option<PathBuf>,
}

/// What regions and countries are called.
pub(super) struct PlaceNames {
    regions: Names,
    countries: Names,
}

impl PlaceNames {
    pub fn read(connection: &mut Connection) -> Result<Self, Failure> {
        Ok(Self {
            regions: place_name::regions(connection)?,
            countries: place_name::countries(connection)?,
        })
    }
}

/// A code that has no name prints itself.
fn name<'a>(names: &'a Names, code: &'a str) -> &'a str {
    let found = names.get(code).or_else(|| names.get(&code.to_lowercase()));
    found.map_or(code, |name| name)
}

/// All that a page is made of.
pub(super) struct Page<'a> {
    pub options: &'a Options,
    pub skip_empty: bool,
    pub names: &'a PlaceNames,
    pub carried: &'a Carried<'a>,
}

impl Page<'_> {
    pub fn text(&self, mirrors: &[Server]) -> Result<String, Failure> {
        let (_, utc) = time::utc();
        let title = &self.options.title;
        let head = template(self.options.html_header.as_deref(), HEAD)?;
        let foot = template(self.options.html_footer.as_deref(), FOOT)?;
        let style = utf8_percent_encode(STYLE, NON_ALPHANUMERIC).to_string();
        let values = [("title", title), ("utc", &utc), ("style", &style)];
        let mut text = fill(&head, &values);
        text.push_str(&self.table(mirrors)?.into_string());
        text.push('\n');
        text.push_str(&fill(&foot, &[("utc", &utc)]));
        Ok(text)
    }

    fn table(&self, mirrors: &[Server]) -> Result<Markup, Failure> {
        let rows = self.rows(mirrors)?;
        Ok(html! {
            table {
                caption { (PreEscaped(&self.options.caption)) }
                thead {
                    "\n" tr {
                        th { "Country" }
                        th { "Operator" }
                        th colspan="3" { "Mirror URLs" }
                        th { "Priority" }
                        @for (marker, class) in self.carried.markers().iter().zip(classes()) {
                            th class=(class) { (marker.subtree_name) }
                        }
                    } "\n"
                }
                tbody { "\n" @for row in rows { (row) "\n" } }
            }
        })
    }

    fn rows(&self, mirrors: &[Server]) -> Result<Vec<Markup>, Failure> {
        let mut rows = Vec::new();
        let mut region: Option<&str> = None;
        // Mirrors that are left out count, too: so a list differs less from one time to the next.
        for (number, mirror) in (1..).zip(mirrors) {
            if self.skip_empty && !self.carried.of(mirror).any(|(_, is_carried)| is_carried) {
                continue;
            }
            if region != Some(&mirror.region) {
                region = Some(&mirror.region);
                rows.push(self.region_row(&mirror.region));
            }
            if number % REPEAT == 0 {
                rows.push(self.marker_row());
            }
            rows.push(self.mirror_row(mirror, number % 2 == 1)?);
        }
        Ok(rows)
    }

    fn region_row(&self, region: &str) -> Markup {
        let columns = COLUMNS + self.carried.markers().len();
        html! {
            tr { td class="newregion" colspan=(columns) { (name(&self.names.regions, region)) ":" } }
        }
    }

    fn marker_row(&self) -> Markup {
        html! {
            tr {
                td colspan=(COLUMNS) {}
                @for marker in self.carried.markers() {
                    td class="b" { (marker.subtree_name) }
                }
            }
        }
    }

    fn mirror_row(&self, mirror: &Server, is_odd: bool) -> Result<Markup, Failure> {
        let country = name(&self.names.countries, &mirror.country);
        let urls = [
            (&mirror.baseurl, "HTTP"),
            (&mirror.baseurl_ftp, "FTP"),
            (&mirror.baseurl_rsync, "rsync"),
        ];
        let flag = self.flag(&mirror.country)?;
        Ok(html! {
            tr class=[is_odd.then_some("odd")] {
                td { (flag) " " (country) }
                td { (operator(mirror)) }
                @for (url, label) in urls {
                    td { @if !url.is_empty() { a href=(without_login(url)) { (label) } } }
                }
                td { (priority(mirror.score)) }
                @for ((_, is_carried), class) in self.carried.of(mirror).zip(classes()) {
                    td class=(class) { @if is_carried { "√" } }
                }
            }
        })
    }

    /// The flag of a country, from its own file or in the page.
    fn flag(&self, country: &str) -> Result<Markup, Failure> {
        let kind = &self.options.image_type;
        let source = match &self.options.inline_images_from {
            None => format!("flags/{country}.{kind}"),
            Some(directory) => {
                // A country is a name of a file here.
                let name = format!("{}.{kind}", country.replace('/', "_"));
                let path = directory.join(name);
                let image = fs::read(&path)
                    .map_err(|e| Failure::new(format!("{}: {e}", path.display())))?;
                format!("data:image/{kind};base64,{}", STANDARD.encode(image))
            }
        };
        let image = html! { img src=(source) alt=(country); }.into_string();
        // XHTML has no elements without an end.
        let open = image.strip_suffix('>').unwrap_or(&image);
        Ok(PreEscaped(format!("{open} />")))
    }
}

/// The columns of markers look different from one another.
fn classes() -> impl Iterator<Item = &'static str> {
    ["a", "b"].into_iter().cycle()
}

fn operator(mirror: &Server) -> Markup {
    html! {
        @if mirror.operator_url.is_empty() { (mirror.operator_name) }
        @else { a href=(mirror.operator_url) { (mirror.operator_name) } }
    }
}

fn priority(score: i32) -> &'static str {
    match score {
        ..50 => "*",
        50..100 => "**",
        100 => "***",
        101.. => "****",
    }
}

/// Visitors are not to log in with the site's password.
fn without_login(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = url.split_at_checked(start).unwrap_or(("", url));
    let end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}{host}{path}")
}

fn template(file: Option<&Path>, default: &str) -> Result<String, Failure> {
    let Some(path) = file else {
        return Ok(default.to_owned());
    };
    fs::read_to_string(path).map_err(|e| Failure::new(format!("{}: {e}", path.display())))
}

/// Replaces `%(name)s` and `%%`; all else stays.
fn fill(template: &str, values: &[(&str, &String)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let replaced = values.iter().find_map(|(name, value)| {
            let after = after
                .strip_prefix('(')?
                .strip_prefix(name)?
                .strip_prefix(")s")?;
            Some((value.as_str(), after))
        });
        let literal = || Some(("%", after.strip_prefix('%')?));
        let (value, after) = replaced.or_else(literal).unwrap_or(("%", after));
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_and_otherwise_left_alone() {
        let value = "T".to_owned();
        let filled = fill("%(title)s 100%% 50% %(other)s %", &[("title", &value)]);
        assert_eq!(filled, "T 100% 50% %(other)s %");
    }

    #[test]
    fn logins_are_cut_from_urls() {
        for (url, public) in [
            ("rsync://u:p@h/m/a@b", "rsync://h/m/a@b"),
            ("u@h::m", "h::m"),
            ("http://h/", "http://h/"),
        ] {
            assert_eq!(without_login(url), public);
        }
    }
}
