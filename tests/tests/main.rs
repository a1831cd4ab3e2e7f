//! Integration tests: each boots a real httpd with the modules of this project.

mod compat;
mod harness;
