//! What a directory section says about its listings.

use crate::options::Options;
use crate::patterns::{Choice, Description, Ignored, Layers};
use crate::query::{Direction, Key};
use apache::Config;
use std::ffi::CStr;
use std::sync::Arc;

/// The record of a section.
#[derive(Default)]
pub struct DirectoryConfig {
    pub options: Options,
    pub icons: Layers<Choice>,
    pub texts: Layers<Choice>,
    pub descriptions: Layers<Description>,
    pub ignored: Layers<Ignored>,
    /// `IndexIgnoreReset On`: outer sections' names do not count.
    pub ignore_afresh: bool,
    pub default_icon: Option<Arc<CStr>>,
    pub style_sheet: Option<Arc<CStr>>,
    pub head_insert: Option<Arc<CStr>>,
    pub header: Option<Arc<CStr>>,
    pub readme: Option<Arc<CStr>>,
    pub key: Option<Key>,
    pub direction: Option<Direction>,
    /// `IndexForbiddenReturn404`.
    pub forbidden_is_404: Option<bool>,
}

impl Config for DirectoryConfig {
    fn create() -> Self {
        Self::default()
    }

    fn merge(&self, inner: &Self) -> Self {
        let text = |inner: &Option<Arc<CStr>>, outer: &Option<Arc<CStr>>| {
            inner.as_ref().or(outer.as_ref()).cloned()
        };
        let nothing = Layers::default();
        let outer_ignored = if inner.ignore_afresh {
            &nothing
        } else {
            &self.ignored
        };
        Self {
            options: self.options.merge(&inner.options),
            icons: inner.icons.before(&self.icons),
            texts: inner.texts.before(&self.texts),
            descriptions: inner.descriptions.before(&self.descriptions),
            ignored: inner.ignored.before(outer_ignored),
            // A reset cuts off the next section outside, as mod_autoindex has it, and no more.
            ignore_afresh: false,
            default_icon: text(&inner.default_icon, &self.default_icon),
            style_sheet: text(&inner.style_sheet, &self.style_sheet),
            head_insert: text(&inner.head_insert, &self.head_insert),
            header: text(&inner.header, &self.header),
            readme: text(&inner.readme, &self.readme),
            key: inner.key.or(self.key),
            direction: inner.direction.or(self.direction),
            forbidden_is_404: inner.forbidden_is_404.or(self.forbidden_is_404),
        }
    }
}
