//! What a listing says against what was known before, and against the origin. Knows no tables: files are numbers.
//!
//! ```
//! use mirror_files::compare::{Difference, Files, Guard};
//!
//! let before: Files = [1, 2, 3].into_iter().collect();
//! let listed: Files = [2, 4].into_iter().collect();
//! let unread: Files = [3].into_iter().collect(); // nobody knows whether it is there
//! let difference = Difference::between(&before, &listed, &unread);
//! assert!(difference.added.iter().eq([4]) && difference.removed.iter().eq([1]));
//! assert!(!Guard::default().stops(before.len(), difference.removed.len()));
//! ```

mod difference;
mod files;
mod guard;
mod version;

pub use difference::Difference;
pub use files::{Files, NotFiles};
pub use guard::Guard;
pub use version::{Deviation, Tolerance, Version};
