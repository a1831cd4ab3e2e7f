//! The key=value form of a connection string, and the pairs that both forms are read into.

use super::ConnectionInfoError;
use std::iter::Peekable;
use std::str::Chars;

/// Keys and values in the order in which they were given; the last of a repeated key counts.
pub(super) type Pairs = Vec<(String, String)>;

/// Reads `key = value key='quoted value' ...`. A backslash takes the next character as it is.
/// Messages quote no value: any misplaced word may be a piece of a password.
pub(super) fn parse(text: &str) -> Result<Pairs, ConnectionInfoError> {
    let mut pairs = Pairs::new();
    let mut rest = text.chars().peekable();
    loop {
        skip_space(&mut rest);
        if rest.peek().is_none() {
            return Ok(pairs);
        }
        let key = key(&mut rest);
        skip_space(&mut rest);
        if rest.next_if_eq(&'=').is_none() {
            return Err(ConnectionInfoError::new(match pairs.last() {
                Some((last, _)) => {
                    format!(
                        "a word without \"=\" follows the value of \"{last}\"; quote values with spaces"
                    )
                }
                None => "the first word has no \"=\" after it".to_owned(),
            }));
        }
        skip_space(&mut rest);
        let value = if rest.next_if_eq(&'\'').is_some() {
            quoted(&mut rest).ok_or_else(|| {
                ConnectionInfoError::new(format!("the quoted value of \"{key}\" has no end"))
            })?
        } else {
            plain(&mut rest)
        };
        pairs.push((key, value));
    }
}

fn skip_space(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| is_space(*c)).is_some() {}
}

/// C's isspace() in the C locale, as libpq has it.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

fn key(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut key = String::new();
    while let Some(c) = rest.next_if(|c| *c != '=' && !is_space(*c)) {
        key.push(c);
    }
    key
}

fn quoted(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut value = String::new();
    loop {
        match rest.next()? {
            '\'' => return Some(value),
            '\\' => value.push(rest.next()?),
            c => value.push(c),
        }
    }
}

fn plain(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut value = String::new();
    while let Some(c) = rest.next_if(|c| !is_space(*c)) {
        match c {
            '\\' => value.extend(rest.next()),
            c => value.push(c),
        }
    }
    value
}
