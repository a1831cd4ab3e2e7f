//! Real servers, all with the same tree.

mod ftp;
mod http;
mod rsync;
mod tree;
