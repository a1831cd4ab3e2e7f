//! What has changed.

use super::Files;

/// What a mirror has gained and lost since it was looked at last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// What it has now and had not.
    pub added: Files,
    /// What it had and has no more.
    pub removed: Files,
}

impl Difference {
    /// Between what it had `before` and what was `listed`. Nothing is said of what was not read:
    /// of those in `unread` none is gone.
    pub fn between(before: &Files, listed: &Files, unread: &Files) -> Self {
        Self {
            added: listed.without(before),
            removed: before.without(listed).without(unread),
        }
    }

    /// What it has now.
    pub fn apply(&self, before: &Files) -> Files {
        before.without(&self.removed).or(&self.added)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Listing, Unread};
    use proptest::prelude::*;

    /// Paths of three directories with three files each, numbered.
    fn path(file: u32) -> String {
        format!("d{}/f{}", file / 3, file % 3)
    }

    proptest! {
        /// Whatever could not be read: a file that was known and is there stays known.
        #[test]
        fn a_scan_never_loses_what_a_mirror_still_has(
            before in prop::collection::btree_set(0..9_u32, 0..9),
            there in prop::collection::btree_set(0..9_u32, 0..9),
            broken in prop::collection::btree_set(0..4_u32, 0..4),
        ) {
            let unread = broken.iter().map(|directory| match directory {
                3 => String::new(), // the base itself
                directory => format!("d{directory}"),
            });
            let listing = Listing {
                unread: unread.map(|path| Unread { path, error: Error::Ended }).collect(),
                ..Listing::default()
            };
            let before: Files = before.into_iter().collect();
            let listed: Files = there.iter().copied().filter(|f| listing.covers(&path(*f))).collect();
            let unread: Files = before.iter().filter(|f| !listing.covers(&path(*f))).collect();
            let after = Difference::between(&before, &listed, &unread).apply(&before);
            for file in 0..9 {
                let is_read = listing.covers(&path(file));
                if there.contains(&file) && (is_read || before.contains(file)) {
                    prop_assert!(after.contains(file), "lost {}", path(file));
                }
                if !there.contains(&file) && is_read {
                    prop_assert!(!after.contains(file), "kept {}", path(file));
                }
            }
        }

        #[test]
        fn where_nothing_has_changed_there_is_nothing_to_do(files in prop::collection::btree_set(any::<u32>(), 0..99)) {
            let files: Files = files.into_iter().collect();
            let none = Files::default();
            prop_assert_eq!(Difference::between(&files, &files, &none), Difference::default());
        }
    }
}
