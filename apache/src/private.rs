//! What httpd has no functions for: records of its own and of other modules that we read.
//!
//! Everything that a new version of httpd may lay out anew is in this folder, each with the reason, and is
//! compiled against the installed headers; `apache-sys` tests that the bindings have the layout that the C
//! compiler gives these. Tried with httpd 2.4.37, 2.4.62 and 2.4.71.

pub mod known_modules;
pub mod lookup_hooks;
pub mod sections;
