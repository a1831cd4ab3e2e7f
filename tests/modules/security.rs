//! What SECURITY.md promises, on a real httpd.

mod bounds;
mod injection;
mod paths;
mod promises;
mod scripts;
mod secrets;
mod sql;
mod trust;
