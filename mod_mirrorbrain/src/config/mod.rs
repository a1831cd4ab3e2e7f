//! The module's configuration records.

mod directory;
mod list;
mod server;

pub use directory::{Directory, Network};
pub use list::List;
pub use server::{Server, YumPattern, YumRule};
