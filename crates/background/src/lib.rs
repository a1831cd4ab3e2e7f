#![forbid(unsafe_code)]
//! What threads and long work need of whoever runs them, a server, a terminal, a daemon or a test:
//! that panics are contained, and that progress is reported.

mod contained;
mod log;
mod point;
mod progress;

pub use contained::{INJECTION, catch, discard, message, persist};
pub use log::{LogLevel, Logger};
pub use point::Point;
#[cfg(feature = "injection")]
pub use point::inject_from;
pub use progress::Progress;
