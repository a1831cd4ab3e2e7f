#![forbid(unsafe_code)]
//! The MirrorBrain database: connection string, pool, mirror table, file cache.
