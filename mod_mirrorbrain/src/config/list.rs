//! Lists that sections add to.

use std::ops::Deref;
use std::sync::Arc;

/// A list of configured values. Most requests see it unchanged from one section, so that laying
/// one record over another usually copies a pointer.
pub struct List<T>(Option<Arc<[T]>>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Clone> List<T> {
    /// Appends one value, while the configuration is read.
    pub fn push(&mut self, value: T) {
        self.0 = Some(self.iter().cloned().chain([value]).collect());
    }

    /// The outer section's values, then the inner one's.
    pub fn merge(&self, specific: &Self) -> Self {
        match (&self.0, &specific.0) {
            (Some(outer), Some(inner)) => {
                Self(Some(outer.iter().chain(inner.iter()).cloned().collect()))
            }
            (Some(only), None) | (None, Some(only)) => Self(Some(Arc::clone(only))),
            (None, None) => Self(None),
        }
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_deref().unwrap_or_default()
    }
}
