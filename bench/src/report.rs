//! The table of a comparison.

use crate::slice::Slice;

/// The series that all others are compared with.
pub const LIMIT: &str = "limit";

/// What a series showed.
#[derive(Debug)]
pub struct Line {
    /// What was measured.
    pub name: &'static str,
    /// The medians.
    pub slice: Slice,
    /// Memory of a child in bytes.
    pub pss: u64,
}

/// Bytes as megabytes of 2^20.
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The lines as a Markdown table, which also reads well in a terminal.
pub fn table(lines: &[Line]) -> String {
    let mut text = format!(
        "| {:<26} | {:>7} | {:>7} | {:>7} | {:>8} | {:>5} | {:>6} | {:>7} | {:>6} |\n",
        "series", "req/s", "p50 ms", "p99 ms", "CPU us", "DB us", "PSS MB", "of rate", "of CPU"
    );
    text.push_str(
        "|----------------------------|--------:|--------:|--------:|---------:|------:|-------:|--------:|-------:|\n",
    );
    let limit = lines.iter().find(|line| line.name == LIMIT);
    let limit = limit.map(|line| line.slice).unwrap_or_default();
    for Line { name, slice, pss } in lines {
        text.push_str(&format!(
            "| {name:<26} | {:>7.0} | {:>7.2} | {:>7.2} | {:>8.1} | {:>5.0} | {:>6.1} | {:>7.2} | {:>6.2} |\n",
            slice.rate,
            slice.p50 * 1e3,
            slice.p99 * 1e3,
            slice.cpu * 1e6,
            slice.database * 1e6,
            megabytes(*pss),
            slice.rate / limit.rate,
            limit.cpu / slice.cpu,
        ));
    }
    text
}
