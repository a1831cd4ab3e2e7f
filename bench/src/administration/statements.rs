//! The statements of a PostgreSQL log with `log_statement = all`, as a script for psql.

use std::fmt::Write;

/// Reads the log. Statements with placeholders are prepared, as the client did.
///
/// The harness leaves `log_line_prefix` at its default: time and process, then what it is.
pub fn script(log: &str) -> String {
    let mut script = String::new();
    let mut entries = entries(log).into_iter().peekable();
    while let Some((kind, text)) = entries.next() {
        if kind != "LOG" {
            continue;
        }
        if let Some(statement) = text.strip_prefix("statement: ") {
            writeln!(script, "{statement};").expect("a string");
        } else if let Some((_, statement)) = text
            .strip_prefix("execute ")
            .and_then(|rest| rest.split_once(": "))
        {
            let values = entries.next_if(|(kind, _)| *kind == "DETAIL");
            let values = values.map(|(_, text)| values_of(&text));
            writeln!(
                script,
                "PREPARE one AS {statement};\nEXECUTE one{};\nDEALLOCATE one;",
                values.unwrap_or_default()
            )
            .expect("a string");
        }
    }
    script
}

/// What each entry is and its text, in which further lines begin with a tab.
fn entries(log: &str) -> Vec<(&str, String)> {
    let mut entries: Vec<(&str, String)> = Vec::new();
    for line in log.lines() {
        if let Some(more) = line.strip_prefix('\t') {
            if let Some((_, text)) = entries.last_mut() {
                text.push('\n');
                text.push_str(more);
            }
        } else if let Some((_, rest)) = line.split_once("] ")
            && let Some((kind, text)) = rest.split_once(":  ")
        {
            entries.push((kind, text.to_owned()));
        }
    }
    entries
}

/// `parameters: $1 = 'a', $2 = '7'` as `('a', '7')`.
fn values_of(detail: &str) -> String {
    let mut values = detail.trim_start_matches("parameters: ").to_owned();
    // From the last one on: `$1` is also the beginning of `$12`.
    for number in (1..=values.matches('$').count()).rev() {
        values = values.replacen(&format!("${number} = "), "", 1);
    }
    format!("({values})")
}

#[cfg(test)]
mod tests {
    use super::script;

    #[test]
    fn a_log_becomes_a_script() {
        let log = "\
2026-11-24 10:00:00.000 UTC [7] LOG:  statement: SET statement_timeout = 5
2026-11-24 10:00:00.001 UTC [7] LOG:  execute s0: SELECT 1
\t  FROM server WHERE identifier = $1 AND id = $2
2026-11-24 10:00:00.001 UTC [7] DETAIL:  parameters: $1 = 'it''s', $2 = '7'
2026-11-24 10:00:00.002 UTC [9] LOG:  checkpoint starting: time
2026-11-24 10:00:00.003 UTC [7] LOG:  execute s1: SELECT 2
";
        assert_eq!(
            script(log),
            "SET statement_timeout = 5;\n\
             PREPARE one AS SELECT 1\n  FROM server WHERE identifier = $1 AND id = $2;\n\
             EXECUTE one('it''s', '7');\nDEALLOCATE one;\n\
             PREPARE one AS SELECT 2;\nEXECUTE one;\nDEALLOCATE one;\n"
        );
    }
}
