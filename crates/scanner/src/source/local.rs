//! A directory of this machine.

use mirror_files::{Entry, Error, Listing, Options, local};
use std::ops::ControlFlow;
use std::path::Path;

/// Lists a tree. Symbolic links are listed, and not followed.
pub(crate) fn list(
    tree: &Path,
    subtree: &str,
    sink: &mut dyn FnMut(Entry) -> ControlFlow<()>,
) -> Result<Listing, Error> {
    let options = Options {
        subtree: subtree.to_owned(),
        ..Options::default()
    };
    local::list(tree, &options, &mut |entry| sink(entry))
}
