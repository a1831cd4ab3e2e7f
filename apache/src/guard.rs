//! The one guard between httpd's C frames and Rust code that may panic.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::Once;

thread_local! {
    /// Where the last panic of this thread happened; the payload alone does not tell.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `body`; a panic comes back as one line of text: place and payload.
pub(crate) fn guard<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    quiet_panics();
    // A value that a panic left half-changed is not used again by us: hooks work on values of
    // their own, and a failed setter stops the start.
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| {
        let place = PLACE.with(|place| std::mem::take(&mut *place.borrow_mut()));
        format!("{} at {place}", text_of(&*payload)).replace(['\n', '\r'], " ")
    })
}

fn text_of(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "panic without a message"
    }
}

/// Keeps the standard hook from writing a second, unformatted report to the error log. The
/// hook belongs to this module's own copy of the standard library.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            PLACE.with(|slot| *slot.borrow_mut() = place);
        }));
    });
}
