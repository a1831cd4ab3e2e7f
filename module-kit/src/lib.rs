#![forbid(unsafe_code)]
//! What our modules have in common above the wrapper of httpd.
//!
//! [`logger`] is httpd's log for crates that know no httpd, [`GeoFile`] a geo database that children share,
//! [`OneEach`] what virtual hosts share if they want the same, [`MirrorLists`] what mod_mirrorbrain tells
//! mod_autoindex_mb.
//!
//! # The directives of mod_dbd
//!
//! Sites name their database once, in mod_dbd's words. httpd hands a directive to every module
//! whose table lists it, so each of our modules joins [`DbdDirectives::TABLE`] to its own table
//! and sees the same lines, whether mod_dbd is loaded or not. We never call mod_dbd: its pool
//! is one of blocking connections without deadlines, and one statement that cannot be prepared
//! takes the database away from all its users.

mod check;
mod directives;
mod geo_file;
mod log;
mod mirror_lists;
mod one_each;
mod settings;

pub use check::check;
pub use directives::{DbdDirectives, DbdRecord};
pub use geo_file::GeoFile;
pub use log::logger;
pub use mirror_lists::{
    ListedFile, MirrorListAsker, MirrorLists, MirrorListsFamily, offer_mirror_lists,
};
pub use one_each::OneEach;
pub use settings::DbdSettings;
