//! Integration tests: each boots a real httpd with the modules of this project.

mod clients;
mod compat;
mod defects;
mod directives;
mod harness;
mod loading;
mod outage;
mod reference;
mod site;
