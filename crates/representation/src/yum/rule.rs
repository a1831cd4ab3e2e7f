//! One `MirrorBrainYumDir` or `MirrorBrainAptDir`, as configured.

use super::Format;

/// One `MirrorBrainYumDir` or `MirrorBrainAptDir`.
#[derive(Debug, Clone)]
pub struct Rule<M> {
    pub(super) arguments: Vec<(String, M)>,
    pub(super) directory: Vec<Part>,
    pub(super) file: Vec<Part>,
    pub(super) format: Format,
}

/// A piece of a directory's template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// Value of the argument with that index.
    Value(usize),
}

/// A mistake in the arguments of `MirrorBrainYumDir`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Fewer than three words.
    #[error("needs at least one arg=regex, a base directory and a file")]
    TooFew,
    /// A word that should be `arg=regex`.
    #[error("\"{0}\" is not of the form arg=regex")]
    Argument(String),
    /// The same argument twice: no query could match both.
    #[error("the argument \"{0}\" is named twice")]
    Twice(String),
    /// The expression does not compile.
    #[error("\"{0}\" is no valid regular expression")]
    Regex(String),
    /// `$0`, or more than there are arguments.
    #[error("\"${1}\" in the {0} names no argument: there are {2}, from $1")]
    Reference(&'static str, u8, usize),
}

impl<M> Rule<M> {
    /// Reads the words of the directive. `compile` gets each expression wrapped so that it has to
    /// match the whole value; `None` from it means that it does not compile.
    ///
    /// # Errors
    /// One sentence about the first mistake.
    pub fn parse<S: AsRef<str>>(
        words: &[S],
        mut compile: impl FnMut(&str) -> Option<M>,
    ) -> Result<Self, RuleError> {
        let [arguments @ .., directory, file] = words else {
            return Err(RuleError::TooFew);
        };
        if arguments.is_empty() {
            return Err(RuleError::TooFew);
        }
        let mut compiled: Vec<(String, M)> = Vec::with_capacity(arguments.len());
        for word in arguments.iter().map(AsRef::as_ref) {
            let (name, regex) = word
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| RuleError::Argument(word.to_owned()))?;
            if compiled
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(name))
            {
                return Err(RuleError::Twice(name.to_owned()));
            }
            // \z and not $: a value that ends in a line feed is another value.
            let matcher = compile(&format!(r"\A(?:{regex})\z"))
                .ok_or_else(|| RuleError::Regex(regex.to_owned()))?;
            compiled.push((name.to_owned(), matcher));
        }
        let count = compiled.len();
        Ok(Self {
            arguments: compiled,
            directory: template("base directory", directory.as_ref(), count)?,
            file: template("file", file.as_ref(), count)?,
            format: Format::default(),
        })
    }

    /// The same for lists of another format.
    #[must_use]
    pub fn in_format(self, format: Format) -> Self {
        Self { format, ..self }
    }
}

/// Splits a template at its references.
fn template(place: &'static str, text: &str, arguments: usize) -> Result<Vec<Part>, RuleError> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let digit = chars
            .peek()
            .and_then(|d| d.to_digit(10))
            .filter(|_| c == '$');
        let Some(digit) = digit else {
            literal.push(c);
            continue;
        };
        chars.next();
        #[expect(clippy::cast_possible_truncation, reason = "one decimal digit")]
        let (index, number) = (digit as usize, digit as u8);
        if index == 0 || index > arguments {
            return Err(RuleError::Reference(place, number, arguments));
        }
        parts.push(Part::Text(std::mem::take(&mut literal)));
        parts.push(Part::Value(index - 1));
    }
    parts.push(Part::Text(literal));
    Ok(parts)
}
