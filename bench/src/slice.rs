//! One short measurement, and what many of them say together.

use std::time::Duration;

use harness::httpd::Httpd;
use harness::postgres::Cluster;

use crate::load::Target;
use crate::usage;

/// Before the measured part of a slice.
pub const WARM_UP: Duration = Duration::from_millis(300);

/// How long and how often is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Slices of each series.
    pub rounds: usize,
    /// Connections that ask at the same time.
    pub connections: usize,
    /// The measured part of a slice.
    pub slice: Duration,
}

/// What a slice showed, or the medians of several. Times are in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slice {
    /// Requests per second.
    pub rate: f64,
    /// Median latency.
    pub p50: f64,
    /// 99th percentile of the latency.
    pub p99: f64,
    /// Processor time of httpd for each request.
    pub cpu: f64,
    /// Processor time of PostgreSQL for each request.
    pub database: f64,
}

impl Slice {
    /// Loads a server and watches.
    ///
    /// # Panics
    /// If a request is not answered as expected; the text has httpd's error log.
    #[track_caller]
    pub fn measure(target: &Target, httpd: &Httpd, cluster: &Cluster, effort: Effort) -> Self {
        let mut used = Vec::new();
        let outcome = target
            .load(effort.connections, WARM_UP, effort.slice, || {
                used.push((usage::httpd_seconds(httpd), usage::cluster_seconds(cluster)));
            })
            .unwrap_or_else(|problem| panic!("{problem}\n{}", httpd.log()));
        let count = outcome.latencies.len() as f64;
        let (begin, end) = used
            .first()
            .zip(used.last())
            .expect("called at both bounds");
        let quantile = |q| outcome.latencies.value_at_quantile(q) as f64 / 1e9;
        Self {
            rate: count / outcome.elapsed.as_secs_f64(),
            p50: quantile(0.5),
            p99: quantile(0.99),
            cpu: (end.0 - begin.0) / count.max(1.0),
            database: (end.1 - begin.1) / count.max(1.0),
        }
    }

    /// The median of each figure by itself.
    pub fn median(slices: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(slices.iter().map(figure).collect());
        Self {
            rate: of(|slice| slice.rate),
            p50: of(|slice| slice.p50),
            p99: of(|slice| slice.p99),
            cpu: of(|slice| slice.cpu),
            database: of(|slice| slice.database),
        }
    }
}

/// The middle value, or the mean of the two in the middle; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    f64::midpoint(at(values.len() / 2), at(values.len().saturating_sub(1) / 2))
}

#[cfg(test)]
mod unit {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 50.0]), 3.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 50.0]), 3.0);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
