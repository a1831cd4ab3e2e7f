//! How far long work has come.

/// Is told how far work has come; shows it, records it, or does nothing, as `()`.
///
/// Work has steps, one after the other. Any thread may report.
pub trait Progress: Sync {
    /// A step begins: what it works on, and of how many units it consists, if that is known.
    fn begin(&self, what: &str, total: Option<u64>);

    /// So many more units are done.
    fn advance(&self, units: u64);

    /// The step is over.
    fn end(&self);
}

impl Progress for () {
    fn begin(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}
