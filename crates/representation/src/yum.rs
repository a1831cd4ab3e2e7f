//! Mirror lists for yum, dnf, zypper and apt: `MirrorBrainYumDir` and `MirrorBrainAptDir` rules, and
//! the list itself.
//!
//! A rule names query arguments with a pattern each, a directory, and a file that proves that a
//! mirror has the directory: `release=(5\.5) repo=(os|updates) yum/$1/$2 repodata/repomd.xml`.

mod rule;

pub use rule::{Rule, RuleError};

use mirror_selection::Choice;

use self::rule::Part;
use crate::answer::Answer;
use crate::escape;
use crate::query::{Argument, QueryArguments};
use crate::sources::{Behind, Origin};

/// How many mirrors a list names.
pub const MAX_MIRRORS: usize = 10;

/// A compiled pattern. The expressions of the configuration are compiled elsewhere.
pub trait Matcher {
    /// Whether the pattern matches the value.
    fn is_match(&self, value: &[u8]) -> bool;
}

impl<F: Fn(&[u8]) -> bool> Matcher for F {
    fn is_match(&self, value: &[u8]) -> bool {
        self(value)
    }
}

/// What the rules say about a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// No rule's arguments are all there: an ordinary request.
    Ordinary,
    /// All arguments of some rule are there, but no rule matches their values: 404.
    NoMatch,
    /// A list is asked for.
    List(Directory),
}

/// Who reads a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// yum, dnf and zypper: a URL on each line.
    #[default]
    Yum,
    /// apt-transport-mirror(1): behind each URL a tab and its priority. apt 1.6 reads that.
    Apt,
}

/// A directory of packages, relative to the engine's base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Path without leading or trailing slash, without `.`, `..` or empty components.
    pub path: Vec<u8>,
    /// Path of the file that must exist here and on a mirror, made likewise.
    pub file: Vec<u8>,
    /// Who reads the list.
    pub format: Format,
}

/// Finds the first rule, in configuration order, that the query matches.
#[must_use]
pub fn lookup<'r, M: Matcher + 'r>(
    rules: impl IntoIterator<Item = &'r Rule<M>>,
    query: &QueryArguments<'_>,
) -> Lookup {
    let mut outcome = Lookup::Ordinary;
    if query.is_empty() {
        return outcome;
    }
    for rule in rules {
        if !rule.arguments.iter().all(|(name, _)| query.has(name)) {
            continue;
        }
        outcome = Lookup::NoMatch;
        if let Some(directory) = rule
            .values(query)
            .and_then(|values| rule.directory(&values))
        {
            return Lookup::List(directory);
        }
    }
    outcome
}

impl<M: Matcher> Rule<M> {
    /// The values in rule order, if each is usable and matches.
    fn values<'q>(&self, query: &'q QueryArguments<'_>) -> Option<Vec<&'q [u8]>> {
        let value = |(name, matcher): &(String, M)| match query.get(name) {
            Argument::Once(value) if matcher.is_match(value) => Some(value),
            _ => None,
        };
        self.arguments.iter().map(value).collect()
    }

    /// The directory with the values filled in, if it does not leave the base.
    fn directory(&self, values: &[&[u8]]) -> Option<Directory> {
        let path = filled(&self.directory, values)?;
        let file = [&path[..], b"/", &filled(&self.file, values)?].concat();
        Some(Directory {
            path: canonical(&path)?,
            file: canonical(&file)?,
            format: self.format,
        })
    }
}

fn filled(template: &[Part], values: &[&[u8]]) -> Option<Vec<u8>> {
    let mut path = Vec::new();
    for part in template {
        match part {
            Part::Text(text) => path.extend_from_slice(text.as_bytes()),
            Part::Value(index) => path.extend_from_slice(values.get(*index)?),
        }
    }
    Some(path)
}

/// A relative path without `.`, `..` and empty components. `None` if it leaves its base, or could
/// name no file.
fn canonical(path: &[u8]) -> Option<Vec<u8>> {
    if path.contains(&0) {
        return None;
    }
    let mut components: Vec<&[u8]> = Vec::new();
    for component in path.split(|&b| b == b'/') {
        match component {
            b"" | b"." => {}
            b".." => {
                components.pop()?;
            }
            _ => components.push(component),
        }
    }
    Some(components.join(&b'/'))
}

/// What a list is written from.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    /// The directory.
    pub directory: &'a Directory,
    /// The mirrors in selection order. Those after the tenth are not looked at.
    pub choices: &'a [Choice<'a>],
    /// Who stands behind them.
    pub behind: Behind<'a>,
    /// Scheme, host and port of this server.
    pub origin: &'a str,
    /// The path of the engine's base directory here, escaped, with slashes around it.
    pub base: &'a str,
    /// The proof changes in place, so that a mirror that has it may have an older one. apt then
    /// gets packages from mirrors, which it knows the hashes of, but no indexes.
    pub changes: bool,
}

impl List<'_> {
    /// The directory's URL on up to ten mirrors in selection order, and on who stands behind them;
    /// on this server if there is nobody.
    #[must_use]
    pub fn answer(&self) -> Answer<'static> {
        let mut path = escape::path(&self.directory.path).into_owned();
        if !path.is_empty() {
            path.push('/');
        }
        let mirrors = self.choices.iter().take(MAX_MIRRORS);
        let mirrors = mirrors.chain(self.behind.fallbacks);
        let mut lines: Vec<(&str, bool)> = mirrors
            .map(|choice| (&*choice.mirror().base_url, self.changes))
            .collect();
        let origin = self.behind.origin.unwrap_or(Origin::Plain);
        let here = [self.origin, origin.mark(), self.base].concat();
        if lines.is_empty() || self.behind.origin.is_some() {
            lines.push((&here, false));
        }
        let mut body = String::with_capacity(1024);
        for ((base, only_packages), priority) in lines.into_iter().zip(1..) {
            body.extend([base, &*path]);
            if self.directory.format == Format::Apt {
                body.push_str(&format!("\tpriority:{priority}"));
                body.push_str(if only_packages { " type:deb" } else { "" });
            }
            body.push('\n');
        }
        Answer::text(body.into_bytes()).for_this_client()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Test = Box<dyn Fn(&[u8]) -> bool>;

    /// Understands alternatives of literals, which is enough here.
    fn compile(regex: &str) -> Option<Test> {
        let inner = regex.strip_prefix(r"\A(?:")?.strip_suffix(r")\z")?;
        if inner == "(" {
            return None;
        }
        let words: Vec<String> = inner.split('|').map(str::to_owned).collect();
        Some(Box::new(move |value| {
            words.iter().any(|w| w == ".*" || w.as_bytes() == value)
        }))
    }

    fn rule(words: &str) -> Result<Rule<Test>, RuleError> {
        Rule::parse(&words.split(' ').collect::<Vec<_>>(), compile)
    }

    fn look(rules: &[&str], query: &str) -> Lookup {
        let rules: Vec<_> = rules.iter().map(|r| rule(r).unwrap()).collect();
        lookup(&rules, &QueryArguments::parse(query.as_bytes()))
    }

    fn list(path: &str, file: &str) -> Lookup {
        Lookup::List(Directory {
            path: path.into(),
            file: file.into(),
            format: Format::Yum,
        })
    }

    const RULE: &str = "release=5.5|5.6 repo=os|updates yum/$1/$2/i386 repodata/repomd.xml";

    #[test]
    fn values_fill_the_directory_in_rule_order() {
        assert_eq!(
            look(&[RULE], "repo=os&RELEASE=5.5&x=1"),
            list("yum/5.5/os/i386", "yum/5.5/os/i386/repodata/repomd.xml")
        );
    }

    #[test]
    fn values_fill_the_proof_too() {
        assert_eq!(
            look(
                &["dist=bookworm|trixie debian dists/$1/InRelease"],
                "dist=trixie"
            ),
            list("debian", "debian/dists/trixie/InRelease")
        );
    }

    #[test]
    fn the_first_matching_rule_wins() {
        let rules = ["a=1 first f", "a=.* second f", "a=1 third f"];
        assert_eq!(look(&rules, "a=1"), list("first", "first/f"));
        assert_eq!(look(&rules, "a=2"), list("second", "second/f"));
    }

    #[test]
    fn m25_other_queries_are_ordinary_requests() {
        for query in [
            "",
            "mirrorlist",
            "foo=1",
            "release=5.5",
            "repo=os&arch=i586",
        ] {
            assert_eq!(look(&[RULE], query), Lookup::Ordinary, "{query}");
        }
    }

    #[test]
    fn values_that_match_nothing_are_404() {
        for query in ["release=9&repo=os", "release=5.5x&repo=os", "release&repo"] {
            assert_eq!(look(&[RULE], query), Lookup::NoMatch, "{query}");
        }
        assert_eq!(
            look(&[RULE], "release=5.5&release=5.5&repo=os"),
            Lookup::NoMatch
        );
    }

    #[test]
    fn m44_the_directory_is_canonical() {
        assert_eq!(look(&["a=x /b//./c/../$1/ f"], "a=x"), list("b/x", "b/x/f"));
    }

    #[test]
    fn values_cannot_leave_the_base() {
        for value in ["../x", "..", "b/../../c", "b%00"] {
            assert_eq!(
                look(&["a=.* $1 f"], &format!("a={value}")),
                Lookup::NoMatch,
                "{value}"
            );
        }
    }

    #[test]
    fn a_value_is_not_expanded_again() {
        assert_eq!(look(&["a=.* b=.* $1 f"], "a=$2&b=x"), list("$2", "$2/f"));
    }

    #[test]
    fn mistakes_are_named() {
        let error = |words| rule(words).map(|_| ()).unwrap_err().to_string();
        assert_eq!(
            error("dir file"),
            "needs at least one arg=regex, a base directory and a file"
        );
        assert_eq!(error("a dir file"), "\"a\" is not of the form arg=regex");
        assert_eq!(error("=a dir file"), "\"=a\" is not of the form arg=regex");
        assert_eq!(
            error("a=1 A=2 dir file"),
            "the argument \"A\" is named twice"
        );
        assert_eq!(
            error("a=( dir file"),
            "\"(\" is no valid regular expression"
        );
        let sentence =
            |n| format!("\"${n}\" in the base directory names no argument: there are 1, from $1");
        assert_eq!(error("a=1 dir/$0 file"), sentence(0));
        assert_eq!(error("a=1 dir/$2 file"), sentence(2));
        assert_eq!(
            error("a=1 dir file$3"),
            "\"$3\" in the file names no argument: there are 1, from $1"
        );
        assert!(rule("a=1 dir/$1$x$ file").is_ok());
    }

    proptest! {
        #[test]
        fn canonical_paths_stay_below(path in "[./a]{0,30}") {
            if let Some(path) = canonical(path.as_bytes()) {
                let path = String::from_utf8(path).unwrap();
                let plain = |c: &str| !matches!(c, "" | "." | "..");
                prop_assert!(path.is_empty() || path.split('/').all(plain), "{}", path);
            }
        }
    }
}
