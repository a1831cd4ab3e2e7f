//! The module's configuration records.

mod directory;
mod list;
mod server;

pub use directory::{DirectoryConfig, Network};
pub use list::List;
pub use server::{ServerConfig, YumPattern, YumRule};
