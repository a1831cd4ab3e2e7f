//! Integration tests: each boots a real httpd with the modules of this project.

mod compat;
mod directives;
mod harness;
mod outage;
mod reference;
