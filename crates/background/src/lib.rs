#![forbid(unsafe_code)]
//! What long work needs of whoever runs it: a terminal, a daemon or a test.

mod progress;

pub use progress::Progress;
