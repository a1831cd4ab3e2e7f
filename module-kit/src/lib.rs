#![forbid(unsafe_code)]
//! The directives of mod_dbd, as our modules read them.
//!
//! Sites name their database once, in mod_dbd's words. httpd hands a directive to every module
//! whose table lists it, so each of our modules joins [`DbdDirectives::TABLE`] to its own table
//! and sees the same lines, whether mod_dbd is loaded or not. We never call mod_dbd: its pool
//! is one of blocking connections without deadlines, and one statement that cannot be prepared
//! takes the database away from all its users.

mod check;
mod directives;
mod settings;

pub use check::check;
pub use directives::{DbdDirectives, DbdRecord};
pub use settings::DbdSettings;
