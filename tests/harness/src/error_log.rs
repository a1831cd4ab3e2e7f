//! Finds what should not be in an error log.

/// Levels of lines that say that all is well.
const HARMLESS: [&str; 3] = ["notice", "info", "debug"];

/// What httpd says of itself where processors are scarce. A child that was slow to end (a stuck one is
/// killed, and AH00046 says that), and event's race for a connection that is being closed.
const BUSY_MACHINE: [&str; 2] = ["AH00045: ", "AH03092: "];

/// The lines of an error log that are neither harmless nor contain one of the allowed texts.
///
/// A line without httpd's prefix counts: it is a panic's message, or comes from a library.
pub fn unexpected(log: &str, allowed: &[String]) -> Vec<String> {
    log.lines()
        .filter(|line| !line.is_empty() && !is_harmless(line))
        .filter(|line| !BUSY_MACHINE.iter().any(|code| line.contains(code)))
        .filter(|line| !allowed.iter().any(|text| line.contains(text.as_str())))
        .map(str::to_owned)
        .collect()
}

/// A line starts with `[time] [module:level] `.
fn is_harmless(line: &str) -> bool {
    let mut fields = line.split("] [");
    let level = fields
        .nth(1)
        .and_then(|field| field.split(']').next())
        .and_then(|field| field.rsplit(':').next());
    level.is_some_and(|level| HARMLESS.contains(&level) || level.starts_with("trace"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_and_foreign_lines_are_unexpected() {
        let log = "\
[Sun Nov 22 12:00:00.0 2026] [mpm_event:notice] [pid 1:tid 1] AH00489: configured
[Sun Nov 22 12:00:00.0 2026] [mirrorbrain:warn] [pid 1:tid 1] one
[Sun Nov 22 12:00:00.0 2026] [core:error] [pid 1:tid 1] two
[Sun Nov 22 12:00:00.0 2026] [core:warn] [pid 1:tid 1] AH00045: child process 2 still did not exit, sending a SIGTERM
[Sun Nov 22 12:00:00.0 2026] [core:error] [pid 1:tid 1] AH00046: child process 2 still did not exit, sending a SIGKILL
thread 'main' panicked
";
        let allowed = ["two".to_owned()];
        let found = unexpected(log, &allowed);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].ends_with("one"));
        assert!(found[1].ends_with("SIGKILL"));
        assert!(found[2].starts_with("thread"));
    }
}
