//! The directories that engines of `<Location>` sections are relative to: document roots, known by
//! their names only when a request comes (`VirtualDocumentRoot`).

use crate::path::{Base, path_of};
use quick_cache::sync::Cache;
use std::sync::Arc;

/// How many roots a child remembers. Each may come to remember as many files as the base of a
/// `<Directory>` section, so that the number is a matter of memory.
const COUNT: usize = 16;

/// Bases by document root. What a base remembers depends on nothing else, so that all virtual hosts
/// share them, as they share the base of a `<Directory>` section.
pub struct Roots(Cache<Box<[u8]>, Arc<Base>>);

impl Roots {
    /// Nothing is remembered yet.
    pub fn new() -> Self {
        Self(Cache::new(COUNT))
    }

    /// The base for a document root.
    pub fn base(&self, root: &[u8]) -> Arc<Base> {
        if let Some(base) = self.0.get(root) {
            return base;
        }
        let base = Arc::new(Base::new(path_of(root)));
        self.0.insert(root.into(), Arc::clone(&base));
        base
    }
}
