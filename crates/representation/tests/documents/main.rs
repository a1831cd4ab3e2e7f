//! Documents as clients read them: written by the crate, read back by parsers other than those that
//! it writes with.

mod defects;
mod downloads;
mod hostile_names;
mod metalinks;
mod page;
mod redirect;
mod schema;
mod world;
