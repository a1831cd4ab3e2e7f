//! Real servers, all with the same tree.

mod check;
mod ftp;
mod http;
mod rsync;
mod tree;
