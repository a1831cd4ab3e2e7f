//! The one guard between httpd's C frames and Rust code that may panic.

use crate::log::{Level, before_the_end, lines_begin, log_line};
use crate::module::Definition;
use background::Point;
use std::cell::{Cell, RefCell};
use std::ffi::c_int;
use std::panic::PanicHookInfo;
use std::sync::{Once, OnceLock};

thread_local! {
    /// Where the last panic of this thread happened; the payload alone does not tell.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
    /// How many guards this thread is in. What happens outside is a thread's of our own.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whose name and log level a line has that no hook writes. This code is linked into each module
/// of its own, so there is one.
static MODULE: OnceLock<fn() -> (&'static str, c_int)> = OnceLock::new();

/// Runs `body`; a panic comes back as one line of text: place and payload.
pub(crate) fn guard<T>(point: Point, body: impl FnOnce() -> T) -> Result<T, String> {
    hook_panics();
    // A value that a panic left half-changed is not used again by us: hooks work on values of
    // their own, and a failed setter stops the start.
    DEPTH.set(DEPTH.get() + 1);
    let result = background::catch(point, body);
    DEPTH.set(DEPTH.get() - 1);
    result.map_err(|message| {
        let place = PLACE.try_with(RefCell::take).unwrap_or_default();
        one_line(&message, &place)
    })
}

fn one_line(message: &str, place: &str) -> String {
    format!("{message} at {place}").replace(['\n', '\r'], " ")
}

/// Tells lines that no hook writes which module they are of. It is the first of our code that httpd enters,
/// so whatever a test wants to panic is told here.
pub(crate) fn belongs_to<D: Definition>() {
    #[cfg(feature = "panic-injection")]
    if let Some(file) = std::env::var_os("MB_PANIC") {
        background::inject_from(file.into());
    }
    lines_begin();
    MODULE.get_or_init(|| || (D::module().name(), D::module().index()));
}

/// A line about a panic outside of hooks.
pub(crate) fn report(doing: &str, panic: &str) {
    before_the_end(|| {
        let (name, index) = MODULE.get().map_or(("module", -1), |identity| identity());
        let text = format!("{name}: panic {doing}: {panic}");
        log_line(std::ptr::null(), index, Level::Critical, text);
    });
}

/// Keeps the standard hook from writing an unformatted report to the error log. A panic in a guard
/// is reported by the guard, any other here. The hook belongs to this module's own copy of the
/// standard library.
fn hook_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            if DEPTH.get() > 0 {
                // The thread may be about to end.
                let _ = PLACE.try_with(|slot| slot.replace(place));
                return;
            }
            let thread = std::thread::current();
            let doing = format!(
                "in the thread {}",
                thread.name().unwrap_or("without a name")
            );
            report(
                &doing,
                &one_line(background::message(info.payload()), &place),
            );
        }));
    });
}
