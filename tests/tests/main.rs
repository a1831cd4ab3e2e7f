//! Integration tests: each boots a real httpd with the modules of this project.

mod clients;
mod compat;
mod directives;
mod harness;
mod outage;
mod reference;
