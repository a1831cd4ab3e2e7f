//! The table of a comparison.

/// The series that all others are compared with.
pub const LIMIT: &str = "limit";

/// What a series showed.
#[derive(Debug)]
pub struct Line {
    /// What was measured.
    pub name: &'static str,
    /// Requests per second.
    pub rate: f64,
    /// Median latency in seconds.
    pub p50: f64,
    /// 99th percentile of the latency in seconds.
    pub p99: f64,
    /// Processor time of httpd for each request, in seconds.
    pub cpu: f64,
    /// Memory of a child in bytes.
    pub pss: u64,
}

/// The lines as a Markdown table, which also reads well in a terminal.
pub fn table(lines: &[Line]) -> String {
    let mut text = format!(
        "| {:<26} | {:>8} | {:>7} | {:>7} | {:>7} | {:>7} | {:>7} | {:>7} |\n",
        "series", "req/s", "p50 ms", "p99 ms", "CPU us", "PSS MB", "of rate", "of CPU"
    );
    text.push_str("|----------------------------|---------:|--------:|--------:|--------:|--------:|--------:|--------:|\n");
    let limit = lines.iter().find(|line| line.name == LIMIT);
    for line in lines {
        let (rate, cpu) = limit.map_or((0.0, 0.0), |l| (line.rate / l.rate, l.cpu / line.cpu));
        text.push_str(&format!(
            "| {:<26} | {:>8.0} | {:>7.2} | {:>7.2} | {:>7.1} | {:>7.1} | {:>7.2} | {:>7.2} |\n",
            line.name,
            line.rate,
            line.p50 * 1e3,
            line.p99 * 1e3,
            line.cpu * 1e6,
            line.pss as f64 / f64::from(1 << 20),
            rate,
            cpu,
        ));
    }
    text
}
