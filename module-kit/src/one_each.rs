//! Things that servers share if they want the same.

use std::sync::Arc;

/// One thing for each key, made when it is first wanted.
pub struct OneEach<K, T>(Vec<(K, Arc<T>)>);

impl<K, T> Default for OneEach<K, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq, T> OneEach<K, T> {
    /// That of `key`.
    pub fn get_or_make(&mut self, key: K, make: impl FnOnce(&K) -> T) -> Arc<T> {
        if let Some((_, made)) = self.0.iter().find(|(known, _)| *known == key) {
            return Arc::clone(made);
        }
        let made = Arc::new(make(&key));
        self.0.push((key, Arc::clone(&made)));
        made
    }
}
