//! What SECURITY.md promises, on a real httpd.

mod secrets;
