//! The module's configuration records.

mod directory;
mod file_mask;
mod list;
mod server;

pub use directory::{Directory, Network};
pub use file_mask::FileMask;
pub use list::List;
pub use server::{Server, YumPattern, YumRule};
