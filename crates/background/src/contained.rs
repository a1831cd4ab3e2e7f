//! Panics, contained.
//!
//! Every function that httpd calls, and every thread and task of our own, passes a [`Point`] as
//! its first step. In a build with the feature `injection` a file
//! says which of them panic; otherwise passing one does nothing.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::Point;

/// Whether this build can be told to panic.
pub const INJECTION: bool = cfg!(feature = "injection");

/// The pause after a thread's first panic, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Passes `point` and runs `body`; a panic comes back as its message.
///
/// The caller vouches that a value which a panic leaves half-changed does no harm.
///
/// # Errors
/// The message of the panic.
pub fn catch<T>(point: Point, body: impl FnOnce() -> T) -> Result<T, String> {
    let run = || {
        point.pass();
        body()
    };
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let text = message(&*payload).to_owned();
        discard(payload);
        text
    })
}

/// Passes `point` and does the work of a thread, again after each panic, until it returns by
/// itself. A bug must not end a thread that others rely on; one that strikes each time must not
/// keep a processor busy.
pub fn persist(point: Point, mut work: impl FnMut()) {
    let (mut pause, longest) = PAUSES;
    while catch(point, &mut work).is_err() {
        std::thread::sleep(pause);
        pause = (pause * 2).min(longest);
    }
}

/// The text of a panic.
#[must_use]
pub fn message(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "panic without a message"
    }
}

/// Drops what a panic carried. Its own destructor may panic, with something that is kept then:
/// there is no end to the destructors of destructors.
pub fn discard(payload: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::panic_any(Bomb);
        }
    }

    #[test]
    fn a_panic_comes_back_as_text() {
        let caught = |body: fn()| catch(Point::Handler, body);
        assert_eq!(caught(|| {}), Ok(()));
        assert_eq!(caught(|| panic!("plain")), Err("plain".into()));
        assert_eq!(caught(|| panic!("number {}", 7)), Err("number 7".into()));
    }

    #[test]
    fn a_payload_that_panics_when_dropped_is_kept() {
        let caught = catch(Point::Handler, || std::panic::panic_any(Bomb));
        assert_eq!(caught, Err("panic without a message".into()));
    }

    #[test]
    fn work_goes_on_after_a_panic() {
        let mut left = 2;
        persist(Point::Mirrors, || {
            if left > 0 {
                left -= 1;
                panic!("once more");
            }
        });
        assert_eq!(left, 0);
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = Point::ALL.iter().map(|point| point.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Point::ALL.len());
    }
}
