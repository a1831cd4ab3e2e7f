//! mod_autoindex_mb: held against the mod_autoindex of the same httpd, and its own columns.

mod combinations;
mod defects;
mod links;
mod oracle;
mod refusals;
mod tree;
