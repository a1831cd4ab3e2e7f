//! Progress of long work, for people: a bar on the terminal of stderr, nothing elsewhere.

use background::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::{Mutex, PoisonError};

/// A bar for the step that is under way.
pub struct Bars(Mutex<ProgressBar>);

/// Nothing is shown until a step begins.
impl Default for Bars {
    fn default() -> Self {
        Self(Mutex::new(ProgressBar::hidden()))
    }
}

impl Bars {
    fn with(&self, work: impl FnOnce(&mut ProgressBar)) {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Bars {
    fn begin(&self, what: &str, total: Option<u64>) {
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::new(total),
                "{msg:24} {wide_bar} {percent:>3} %, {eta} left",
            ),
            None => (ProgressBar::new_spinner(), "{msg:24} {spinner} {elapsed}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(crate::output::visible(what));
        if total.is_none() {
            bar.enable_steady_tick(std::time::Duration::from_millis(200));
        }
        self.with(|shown| *shown = bar);
    }

    fn advance(&self, units: u64) {
        self.with(|bar| bar.inc(units));
    }

    fn end(&self) {
        self.with(|bar| bar.finish_and_clear());
    }
}
