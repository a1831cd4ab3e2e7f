//! What threads and long work need of whoever runs them, a server, a terminal, a daemon or a test:
//! that panics are contained, and that progress is reported.
#![forbid(unsafe_code)]

mod contained;
mod point;
mod progress;

pub use contained::{INJECTION, catch, discard, message, persist};
pub use point::Point;
pub use progress::Progress;
