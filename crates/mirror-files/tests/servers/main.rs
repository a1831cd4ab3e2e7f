//! Real servers, all with the same tree.

mod rsync;
mod tree;
