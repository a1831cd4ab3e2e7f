//! `mb` as administrators and scripts call it, on a real PostgreSQL.

mod recorded;
