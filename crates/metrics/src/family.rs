//! Numbers of one name.

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; children are added up, also those that have ended.
    Counter,
    /// Is as it is; children that live are added up.
    Gauge,
    /// The largest of those of the children that live.
    Largest,
    /// A moment, in milliseconds since 1970, shown as the seconds since the oldest one of the
    /// children that live.
    Oldest,
    /// The number of one of several things, from 1; shown as how many of the children that live have
    /// each of them.
    Which,
    /// Counted by classes.
    Histogram,
}

/// All numbers of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// The name.
    pub name: String,
    /// What they are.
    pub kind: Kind,
    /// What they mean.
    pub help: String,
    /// The numbers.
    pub samples: Vec<Sample>,
}

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What is behind the family's name: `_bucket`, `_sum` and `_count` of a histogram.
    pub suffix: &'static str,
    /// What tells it from the others.
    pub labels: Vec<(&'static str, String)>,
    /// The number.
    pub value: f64,
}

impl Sample {
    /// A number with labels.
    pub fn new(labels: Vec<(&'static str, String)>, value: f64) -> Self {
        Self {
            suffix: "",
            labels,
            value,
        }
    }
}
