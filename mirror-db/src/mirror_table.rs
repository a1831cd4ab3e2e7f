//! All usable mirrors, as one snapshot in memory.

/// The `server` rows that may be used now, sorted by id.
#[derive(Debug, Default)]
pub struct MirrorTable {}
