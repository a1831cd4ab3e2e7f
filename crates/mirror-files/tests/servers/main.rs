//! Real servers, all with the same tree.

mod ftp;
mod rsync;
mod tree;
