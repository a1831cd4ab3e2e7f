//! Progress of long work, for people: a bar on the terminal of stderr, nothing elsewhere.

use background::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::{Mutex, PoisonError};

/// A bar for the step that is under way.
pub struct Bars {
    shown: Mutex<ProgressBar>,
    /// Of which others are part, too.
    among: Option<MultiProgress>,
}

/// Nothing is shown until a step begins.
impl Default for Bars {
    fn default() -> Self {
        Self {
            shown: Mutex::new(ProgressBar::hidden()),
            among: None,
        }
    }
}

/// Bars for work that is done side by side.
pub struct ManyBars(MultiProgress);

impl ManyBars {
    /// Some that are shown, or not.
    pub fn new(is_shown: bool) -> Self {
        Self(match is_shown {
            true => MultiProgress::new(),
            false => MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
        })
    }

    /// A bar more.
    pub fn bar(&self) -> Bars {
        Bars {
            among: Some(self.0.clone()),
            ..Bars::default()
        }
    }

    /// Does something that writes to the terminal, too.
    pub fn beside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.suspend(work)
    }
}

impl Bars {
    fn with(&self, work: impl FnOnce(&mut ProgressBar)) {
        work(&mut self.shown.lock().unwrap_or_else(PoisonError::into_inner));
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
        let bar = match &self.among {
            Some(among) => among.add(bar),
            None => bar,
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
