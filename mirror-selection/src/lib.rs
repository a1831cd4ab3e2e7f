#![forbid(unsafe_code)]
//! Which mirror is closest: pure selection logic.
