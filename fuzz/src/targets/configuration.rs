//! What an administrator writes: no crash, and no secret in an error.

use super::fields;
use ipnet::IpNet;
use mirror_db::CustomQuery;
use mirror_selection::{Code, Distance, Mirror, Region};
use pg::ConnectionInfo;
use places::parse_coordinates;
use representation::query::QueryArguments;
use representation::yum::{Lookup, Rule, lookup};

/// A libpq connection string, in either form.
pub fn connection(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let nothing = |_: &str| None;
    if let Ok(info) = ConnectionInfo::parse_with(text, nothing) {
        // The same text is the same place.
        assert_eq!(
            ConnectionInfo::parse_with(text, nothing).as_ref(),
            Ok(&info)
        );
        let _ = (format!("{info:?}"), info.to_string());
    }
    hides_the_password(text);
}

/// Whatever else the string says, and whatever is wrong with it: what is shown is the same with
/// any password.
fn hides_the_password(text: &str) {
    let strings = |password: &str| {
        [
            format!("password={password} {text}"),
            format!("password='{password}' {text}"),
            format!("postgresql://user:{password}@{text}"),
            format!("postgresql:///?password={password}&{text}"),
        ]
    };
    for (one, other) in strings("secret").iter().zip(&strings("hidden")) {
        assert_eq!(shown(one), shown(other));
    }
}

fn shown(text: &str) -> String {
    match ConnectionInfo::parse_with(text, |_| None) {
        Ok(info) => format!("{info:?} {info}"),
        Err(problem) => problem.to_string(),
    }
}

/// SQL with the placeholders of APR DBD.
pub fn sql(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    for most in [0, 1, 3] {
        let Ok(query) = CustomQuery::parse(text, most) else {
            continue;
        };
        assert!(query.parameters() <= most);
        for number in 1..=query.parameters() {
            assert!(query.sql().contains(&format!("${number}")), "{text:?}");
        }
        if !text.contains('%') {
            assert_eq!(query.sql(), text);
        }
    }
}

/// Values of directives that are read apart from httpd.
pub fn directives(input: &[u8]) {
    let words: Vec<&str> = fields(input)
        .filter_map(|field| std::str::from_utf8(field).ok())
        .collect();
    for &word in &words {
        let _ = (word.parse::<Distance>(), Region::parse(word));
        if let Some(code) = Code::parse(word) {
            assert_eq!(Code::parse(code.as_str()), Some(code));
        }
        if let Ok(network) = word.parse::<IpNet>() {
            assert!(network.prefix_len() <= network.max_prefix_len());
        }
    }
    if let [latitude, longitude, ..] = words[..]
        && let Some((latitude, longitude)) = parse_coordinates(latitude, longitude)
    {
        assert!(latitude.is_finite() && longitude.is_finite());
    }
    if let [region, country, url, ..] = words[..]
        && let Some(mirror) = Mirror::fallback(region, country, url)
    {
        assert!(!mirror.identifier.is_empty() && mirror.base_url.ends_with('/'));
    }
    yum(&words);
}

/// A rule of `MirrorBrainYumDir` that matches any value never leads out of its base.
fn yum(words: &[&str]) {
    let Some((query, words)) = words.split_first() else {
        return;
    };
    let Ok(rule) = Rule::parse(words, |_| Some(|_: &[u8]| true)) else {
        return;
    };
    let query = QueryArguments::parse(query.as_bytes());
    if let Lookup::List(directory) = lookup([&rule], &query) {
        for path in [&directory.path, &directory.file] {
            let bad = |component: &[u8]| matches!(component, b"." | b".." | b"");
            assert!(
                path.is_empty() || !path.split(|&b| b == b'/').any(bad),
                "{path:?}"
            );
            assert!(!path.contains(&0));
        }
    }
}
