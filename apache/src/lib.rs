//! Safe wrapper over httpd's module interface.
//!
//! A module implements [`Definition`], describes its directives in one table of
//! [`Directive`]s and its hooks as types that implement [`Handler`], [`HeaderParser`],
//! [`CheckConfig`], [`PostConfig`] or [`ChildInit`]. All code that httpd calls goes through one guard: a
//! panic becomes a log line and a 500 (in a hook) or an error text (in a setter), never the
//! end of the child.
//!
//! ```text
//! httpd --(extern "C" shim, guard)--> module code --> Request, Table, Server --> httpd
//! ```
//!
//! Strings of httpd are C strings in no declared encoding: they come as `&CStr` or `&[u8]`.
//! What lives in a pool carries the lifetime of the request (`'r`) or the configuration that
//! owns the pool.

pub mod argument;
mod command;
mod directive;
mod entry_path;
mod guard;
mod hook;
mod log;
mod mapped;
mod module;
mod networks;
mod optional;
mod pattern;
mod pool;
mod private;
mod process;
mod request;
mod server;
mod server_status;
mod shared;
mod subrequest;
mod table;
mod text;
mod type_probe;

pub use command::Command;
pub use directive::{Args, Context, Directive, DirectiveTable, SetResult, Setter};
pub use entry_path::EntryPath;
pub use hook::{CheckConfig, ChildInit, Handler, HeaderParser, Hooks, Order, Outcome, PostConfig};
pub use log::{Level, ProcessLog};
pub use mapped::MappedFile;
pub use module::{Config, Definition, Module};
pub use networks::{NetworkTable, Networks, networks};
pub use optional::{Answers, AnswersFamily, Asker, Question, Topic};
pub use pattern::{Matches, PatternError, Regex, wildcard_match};
pub use pool::Pool;
pub use private::known_modules::HookEffect;
pub use private::lookup_hooks::{LookupHook, LookupPhase};
pub use private::sections::{Alike, EntrySections};
pub use process::{
    Child, Configuration, child_ids, is_loaded, runtime_dir_relative, server_root_relative,
    threads_per_child,
};
pub use request::{FileInfo, FileKind, Method, PathInfo, Request};
pub use server::Server;
pub use server_status::ServerStatus;
pub use shared::SharedWords;
pub use subrequest::{Inclusion, SubRequest};
pub use table::Table;
pub use text::{
    FileMatch, LISTING_DOCTYPE, LocalTime, file_match, format_size, has_file_wildcard,
    has_simple_wildcard, natural_order, simple_match, simple_match_ignoring_case, unescape_url,
};
pub use type_probe::{FileType, TypeProbe};
