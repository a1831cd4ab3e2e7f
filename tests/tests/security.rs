//! What SECURITY.md promises, on a real httpd.

mod paths;
mod secrets;
