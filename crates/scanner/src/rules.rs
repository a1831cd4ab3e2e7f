//! Which files count: the rules of the configuration file, and those in the URL of a mirror.

use mirror_files::compare::Tolerance;
use regex::Regex;

/// A rule that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Not a regular expression, or one with what only Perl has.
    #[error("{rule}: {pattern} is no regular expression: {error}")]
    Regex {
        /// Where it stands.
        rule: &'static str,
        /// What stands there.
        pattern: String,
        /// Why it cannot be one.
        error: String,
    },
    /// `allow_outdated` without its minutes.
    #[error("allow_outdated: {0} has no number of minutes behind it")]
    Minutes(String),
}

/// The rules of a site.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// `scan_top_include`: what is scanned at the top; all, if there is none.
    pub top_include: Vec<Pattern>,
    /// `scan_exclude`: paths that do not count; those of directories end in a slash. Not for rsync.
    pub exclude: Vec<Regex>,
    /// `scan_exclude_rsync`: the same as rsync's patterns, and only for it.
    pub exclude_rsync: Vec<String>,
    /// `allow_outdated`: how many seconds copies may be older.
    pub outdated: Vec<(Regex, i64)>,
    /// What does not matter, for all files.
    pub tolerance: Tolerance,
}

/// As rsync takes it, and as the other protocols do.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it was written.
    pub text: String,
    /// The same as a regular expression.
    pub regex: Regex,
}

fn regex(rule: &'static str, pattern: &str) -> Result<Regex, RuleError> {
    Regex::new(pattern).map_err(|error| RuleError::Regex {
        rule,
        pattern: pattern.to_owned(),
        error: error
            .to_string()
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned(),
    })
}

impl Rules {
    /// Takes the rules as the configuration file has them.
    ///
    /// # Errors
    /// If one is no regular expression.
    pub fn new(
        top_include: &[String],
        exclude: &[String],
        exclude_rsync: &[String],
        allow_outdated: &[String],
    ) -> Result<Self, RuleError> {
        let top_include = top_include.iter().map(|text| {
            let regex = regex("scan_top_include", text)?;
            let text = text.clone();
            Ok(Pattern { text, regex })
        });
        let exclude = exclude.iter().map(|text| regex("scan_exclude", text));
        let outdated = allow_outdated.chunks(2).map(|pair| match pair {
            [pattern, minutes] => {
                let minutes: i64 = minutes
                    .parse()
                    .map_err(|_| RuleError::Minutes(pattern.clone()))?;
                Ok((
                    regex("allow_outdated", pattern)?,
                    minutes.saturating_mul(60),
                ))
            }
            _ => Err(RuleError::Minutes(pair.concat())),
        });
        Ok(Self {
            top_include: top_include.collect::<Result<_, _>>()?,
            exclude: exclude.collect::<Result<_, _>>()?,
            exclude_rsync: exclude_rsync.to_vec(),
            outdated: outdated.collect::<Result<_, _>>()?,
            tolerance: Tolerance::default(),
        })
    }

    /// What does not matter of a file.
    pub fn tolerance(&self, path: &str) -> Tolerance {
        let allowed = self
            .outdated
            .iter()
            .filter(|(regex, _)| regex.is_match(path));
        Tolerance {
            outdated: allowed.map(|(_, seconds)| *seconds).max().unwrap_or(0),
            ..self.tolerance
        }
    }

    /// Whether a path counts by `scan_exclude`, whose patterns also mean the directories above it.
    pub fn excludes(&self, path: &str) -> bool {
        if self.exclude.is_empty() {
            return false;
        }
        let slashes = path.match_indices('/');
        let directories = slashes.filter_map(|(end, _)| path.get(..=end));
        directories
            .chain([path])
            .any(|path| self.exclude.iter().any(|regex| regex.is_match(path)))
    }

    /// Whether a path counts by `scan_top_include`, which files at the top need not match by HTTP.
    pub fn includes(&self, path: &str, files_too: bool) -> bool {
        if self.top_include.is_empty() {
            return true;
        }
        match path.split_once('/') {
            None if !files_too => true,
            top => {
                let top = top.map_or(path, |(top, _)| top);
                self.top_include.iter().any(|p| p.regex.is_match(top))
            }
        }
    }
}

/// What stands behind `#` in the URL of a mirror.
#[derive(Clone, Debug)]
pub enum Fragment {
    /// `#RE`: what matches does not count.
    Ignore(Regex),
    /// `#@RE@TEXT@`: the first match is replaced.
    Replace(Regex, String),
}

impl Fragment {
    /// Splits a URL.
    ///
    /// # Errors
    /// If what stands there is no regular expression.
    pub fn split(url: &str) -> Result<(&str, Option<Self>), RuleError> {
        let Some((url, fragment)) = url.split_once('#') else {
            return Ok((url, None));
        };
        let rule = "behind # of the URL";
        let replace = fragment
            .strip_prefix('@')
            .and_then(|rest| rest.strip_suffix('@')?.split_once('@'));
        let fragment = match replace {
            _ if fragment.is_empty() => None,
            Some((pattern, text)) => Some(Self::Replace(regex(rule, pattern)?, text.to_owned())),
            None => Some(Self::Ignore(regex(rule, fragment)?)),
        };
        Ok((url, fragment))
    }

    /// The path as it counts; `None` if it does not.
    pub fn apply(&self, path: String) -> Option<String> {
        match self {
            Self::Ignore(regex) => (!regex.is_match(&path)).then_some(path),
            Self::Replace(regex, text) => {
                let replaced = regex.replacen(&path, 1, text.as_str());
                let clean: Vec<&str> = replaced
                    .split('/')
                    .filter(|part| !part.is_empty())
                    .collect();
                Some(clean.join("/")).filter(|path| !path.is_empty())
            }
        }
    }
}

/// Whether a file is one that is being written by rsync.
pub fn is_temporary(path: &str) -> bool {
    path.split('/').any(|part| part == ".~tmp~")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn directories_are_excluded_with_all_that_is_below() {
        let rules = Rules::new(&[], &words(r"/deep/ ^other/ \.iso$"), &[], &[]).unwrap();
        for (path, is_excluded) in [
            ("updates/deep/er/u2.rpm", true),
            ("deep/x", false),
            ("other/o.txt", true),
            ("another/o.txt", false),
            ("release/a.iso", true),
        ] {
            assert_eq!(rules.excludes(path), is_excluded, "{path}");
        }
    }

    #[test]
    fn the_top_is_included_by_name_and_its_files_by_some_protocols() {
        let rules = Rules::new(&words("READ iso"), &[], &[], &[]).unwrap();
        assert!(rules.includes("READ.txt", true) && rules.includes("iso/x", true));
        assert!(!rules.includes("other", true) && rules.includes("other", false));
        assert!(!rules.includes("other/iso", false));
    }

    #[test]
    fn urls_say_what_to_ignore_and_what_to_replace() {
        let (url, fragment) = Fragment::split("http://a/pub/#^release/").unwrap();
        let fragment = fragment.unwrap();
        assert_eq!(url, "http://a/pub/");
        assert_eq!(fragment.apply("release/a".into()), None);
        assert_eq!(fragment.apply("a".into()), Some("a".into()));
        let (_, fragment) = Fragment::split("rsync://a/m/#@^release/@dist/@").unwrap();
        assert_eq!(
            fragment.unwrap().apply("release/release/a".into()),
            Some("dist/release/a".into())
        );
        let (_, fragment) = Fragment::split("rsync://a/m/#@^release/@@").unwrap();
        assert_eq!(
            fragment.unwrap().apply("release/a".into()),
            Some("a".into())
        );
        assert!(Fragment::split("http://a/#(").is_err());
    }

    #[test]
    fn the_longest_allowance_of_a_path_counts() {
        let rules = Rules::new(&[], &[], &[], &words("repodata/ 60 ^a/ 5")).unwrap();
        assert_eq!(rules.tolerance("a/repodata/x").outdated, 3600);
        assert_eq!(rules.tolerance("b").outdated, 0);
        assert!(Rules::new(&[], &[], &[], &words("a b")).is_err());
        assert!(Rules::new(&[], &[], &[], &words("a")).is_err());
    }
}
