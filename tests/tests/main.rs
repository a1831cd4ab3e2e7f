//! Integration tests: each boots a real httpd with the modules of this project.

mod asn;
mod autoindex;
mod clients;
mod compat;
mod corrected;
mod corrections;
mod defects;
mod dependencies;
mod directives;
mod documents;
mod freshness;
mod harness;
mod hostile;
mod large;
mod life_cycle;
mod loading;
mod memcheck;
mod neighbours;
mod options;
mod outage;
mod panics;
mod paths;
mod reference;
mod security;
mod site;
mod sticky;
