//! SQL of the sites, written for Apache's DBD framework.

pub mod hashes;
pub mod mirrors;

use pg::Statement;

/// A statement with the placeholders of APR DBD (`%s`, `%d`, `%lld`, ...), rewritten for the
/// PostgreSQL protocol (`$1`, `$2`, ...).
///
/// As in APR, a `%` before a letter is the next parameter wherever it stands, also inside a quoted
/// string: write `LIKE '%%foo%%'`. `%%` is one literal percent, and so is a `%` before anything but
/// a letter. PostgreSQL infers the parameters' types from the statement, whatever the letters say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CustomQuery {
    sql: String,
    parameters: usize,
}

/// Why a [`CustomQuery`] could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomQueryError {
    /// The statement is empty.
    #[error("the statement is empty")]
    Empty,
    /// The statement holds a NUL character.
    #[error("the statement holds a NUL character")]
    Nul,
    /// The statement has another number of parameters than its caller passes.
    #[error("the statement has {found} parameters, but the directive passes only {most}")]
    TooManyParameters {
        /// Parameters in the statement.
        found: usize,
        /// Parameters that there are.
        most: usize,
    },
}

impl CustomQuery {
    /// Reads a statement that may use up to `most` parameters, in the order in which they are
    /// documented for the directive. Fewer are fine.
    pub fn parse(sql: &str, most: usize) -> Result<Self, CustomQueryError> {
        if sql.trim().is_empty() {
            return Err(CustomQueryError::Empty);
        }
        if sql.contains('\0') {
            return Err(CustomQueryError::Nul);
        }
        let mut out = String::with_capacity(sql.len() + 8);
        let mut parameters = 0;
        let mut rest = sql;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            match placeholder_length(after) {
                Some(length) => {
                    parameters += 1;
                    out.push('$');
                    out.push_str(&parameters.to_string());
                    rest = after.get(length..).unwrap_or("");
                }
                None => {
                    out.push('%');
                    rest = after.strip_prefix('%').unwrap_or(after);
                }
            }
        }
        out.push_str(rest);
        if parameters > most {
            return Err(CustomQueryError::TooManyParameters {
                found: parameters,
                most,
            });
        }
        Ok(Self {
            sql: out,
            parameters,
        })
    }

    /// The statement, which messages call by the name of its directive.
    pub fn statement(&self, directive: &'static str) -> Statement {
        Statement::own(directive, self.sql(), self.parameters())
    }

    /// The statement with `$1`, `$2`, ... for its parameters.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// How many parameters it takes.
    pub fn parameters(&self) -> usize {
        self.parameters
    }
}

/// How many bytes of `after`, the text behind a `%`, belong to a placeholder: size modifiers and a
/// number's letter (`lld`, `hhu`, `lf`), a date or large object (`pDt`), or any one letter.
fn placeholder_length(after: &str) -> Option<usize> {
    let bytes = after.as_bytes();
    let modifiers = bytes
        .iter()
        .take_while(|b| matches!(b, b'l' | b'h'))
        .count();
    match bytes.get(modifiers) {
        Some(b'd' | b'i' | b'u' | b'x' | b'X' | b'o' | b'f') if modifiers > 0 => {
            return Some(modifiers + 1);
        }
        _ => {}
    }
    match bytes {
        [b'p', b'D', letter, ..] if letter.is_ascii_alphabetic() => Some(3),
        [letter, ..] if letter.is_ascii_alphabetic() => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str) -> String {
        CustomQuery::parse(text, 9)
            .map(|q| q.sql().to_owned())
            .unwrap_or_else(|e| e.to_string())
    }

    #[test]
    fn any_type_letter_is_the_next_parameter() {
        assert_eq!(
            sql("SELECT %s, %d, %lld, %hhu, %pDt"),
            "SELECT $1, $2, $3, $4, $5"
        );
        assert_eq!(sql("pfx >>= ip4r(%s)"), "pfx >>= ip4r($1)");
    }

    #[test]
    fn only_the_type_letters_are_consumed() {
        assert_eq!(sql("%s::inet %dx %ls"), "$1::inet $2x $3s");
    }

    #[test]
    fn a_doubled_percent_is_a_literal_one() {
        assert_eq!(
            sql("path LIKE '%%iso' AND path = %s"),
            "path LIKE '%iso' AND path = $1"
        );
        assert_eq!(sql("5 %% 2, %%s"), "5 % 2, %s");
    }

    #[test]
    fn a_percent_before_anything_else_stays_as_it_is() {
        assert_eq!(sql("LIKE 'a%' OR 5 % 2 = %d%"), "LIKE 'a%' OR 5 % 2 = $1%");
    }

    #[test]
    fn more_parameters_than_the_directive_passes_are_refused() {
        let error = CustomQuery::parse("SELECT %s, %s", 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the statement has 2 parameters, but the directive passes only 1"
        );
    }

    #[test]
    fn an_empty_statement_is_refused() {
        assert_eq!(CustomQuery::parse(" \n", 1), Err(CustomQueryError::Empty));
        assert_eq!(
            CustomQuery::parse("SELECT '\0'", 1),
            Err(CustomQueryError::Nul)
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_counts_what_it_writes(text in "(%|l|d|s|p|D|'| |é){0,24}") {
            if let Ok(query) = CustomQuery::parse(&text, usize::MAX) {
                proptest::prop_assert_eq!(query.sql().matches('$').count(), query.parameters());
            }
        }
    }
}
