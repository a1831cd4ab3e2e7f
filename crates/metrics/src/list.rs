//! All that is counted, but for times and mirrors.

use crate::family::Kind;

/// One number.
#[derive(Debug)]
pub struct Metric {
    /// Its name for Prometheus.
    pub name: &'static str,
    /// What tells it from others of the same name.
    pub labels: &'static [(&'static str, &'static str)],
    /// What it is.
    pub kind: Kind,
    /// What it means.
    pub help: &'static str,
}

/// Declares numbers once: variant, kind, name, labels, meaning. Those of one name stand together, and
/// the first of them says what they mean.
macro_rules! metrics {
    ($(#[$doc:meta])* $group:ident {
        $($variant:ident $kind:ident $name:literal $([$($label:literal = $value:literal),*])? $help:literal)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $group {
            $(#[doc = $help] $variant,)*
        }

        impl $group {
            /// All of them, in the order of the words.
            pub const ALL: &'static [Metric] = &[$(Metric {
                name: concat!("mirrorbrain_", $name),
                labels: &[$($(($label, $value)),*)?],
                kind: Kind::$kind,
                help: $help,
            }),*];
        }
    };
}

metrics! {
    /// Of a child as a whole.
    Child {
        RedirectMirror Counter "answers_total" ["answer" = "redirect", "reason" = "mirror"]
            "Answers of the engine, by what was given and why."
        RedirectFallback Counter "answers_total" ["answer" = "redirect", "reason" = "fallback"]
            "A redirect to a MirrorBrainFallback."
        FileNoMirror Counter "answers_total" ["answer" = "file", "reason" = "no_mirror"]
            "The file itself: no mirror may be used for it."
        FileExcluded Counter "answers_total" ["answer" = "file", "reason" = "excluded"]
            "The file itself: too small, or excluded by a directive."
        FileOutside Counter "answers_total" ["answer" = "file", "reason" = "outside"]
            "The file itself: it lies outside the engine's directory."
        FileRetried Counter "answers_total" ["answer" = "file", "reason" = "retried"]
            "The file itself: this client was sent to all mirrors a moment ago (MirrorBrainRetryTime)."
        FileUnavailable Counter "answers_total" ["answer" = "file", "reason" = "database_away"]
            "The file itself: the database is away, or gave no answer in time."
        FileBusy Counter "answers_total" ["answer" = "file", "reason" = "database_slow"]
            "The file itself: the database is slow, and enough requests wait for it."
        FileFailed Counter "answers_total" ["answer" = "file", "reason" = "query_failed"]
            "The file itself: the database says an error."
        FileNoDatabase Counter "answers_total" ["answer" = "file", "reason" = "no_database"]
            "The file itself: no DBDParams names a database."
        Document Counter "answers_total" ["answer" = "document", "reason" = "made"]
            "A metalink, torrent, hash, page or the like."
        Unavailable Counter "answers_total" ["answer" = "unavailable", "reason" = "database"]
            "503: what was asked for needs the database."
        Missing Counter "answers_total" ["answer" = "missing", "reason" = "not_there"]
            "404: there is no such document."
        Workers Gauge "workers" "Requests that the children can answer at a time."
        Waiting Gauge "workers_waiting" "Of those, how many wait for a database."
        WaitingMax Gauge "workers_waiting_max" "How many may wait for databases as long as it takes."
        MemcachedHit Counter "memcached_total" ["answer" = "hit"]
            "Clients that memcached was asked about, by its answer."
        MemcachedMiss Counter "memcached_total" ["answer" = "miss"]
            "memcached knows nothing of the client, or gave no answer in time."
    }
}

metrics! {
    /// Of one database in one child.
    Database {
        Hits Counter "lookups_total" ["from" = "memory"]
            "Look-ups of files, by where the answer came from."
        Misses Counter "lookups_total" ["from" = "database"]
            "An answer of the database."
        Stale Counter "lookups_total" ["from" = "expired"]
            "An answer that has expired, for want of a newer one."
        Failed Counter "lookups_total" ["from" = "nowhere"]
            "The database is away, or says an error."
        TimedOut Counter "lookups_total" ["from" = "timeout"]
            "No answer in time."
        Refused Counter "lookups_total" ["from" = "busy"]
            "The database is slow, and enough requests wait for it."
        Records Gauge "cache_records" "Files that are known."
        Bytes Gauge "cache_bytes" "Memory that they take."
        BytesMax Gauge "cache_max_bytes" "Memory that they may take (MirrorBrainCacheSize)."
        Evictions Counter "cache_evictions_total" "Files forgotten for want of room."
        Flights Gauge "lookups_waiting" "Look-ups of files that are under way."
        Connections Gauge "connections" "Open connections."
        Busy Gauge "connections_busy" "Of those, how many are at work."
        ConnectionsMax Gauge "connections_max" "Most connections (DBDMax)."
        Connected Counter "connects_total" "Connections that were made."
        Lost Counter "connections_lost_total" "Connections that broke."
        Up Gauge "database_up" "Children that the database answers to."
        Server Which "database_server" "Children that are connected to this server."
        Mirrors Largest "mirrors" "Mirrors that may be used."
        Checked Oldest "mirrors_checked_seconds" "Age of the table of mirrors: seconds since it was last known to be right."
        Quiescent Gauge "quiescent" "Children that know of nothing written lately, so that what they know is as good as new."
    }
}
