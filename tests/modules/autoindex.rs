//! mod_autoindex_mb: held against the mod_autoindex of the same httpd, and its own columns.

pub mod browser;
mod combinations;
mod configuration;
mod defects;
mod links;
mod oracle;
mod rules;
mod sections;
mod tree;
