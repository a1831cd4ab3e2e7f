//! Documents that are sent as the client takes them: how many at a time.
//!
//! What httpd cannot hand to the kernel at once keeps a thread until a slow client has taken it.
//! Clients that take nothing must not get all threads of a child.

use crate::MirrorBrain;
use apache::{Level, Request};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

/// Bytes that httpd buffers and sends without a thread (`FlushMaxThreshold`). What is longer is
/// large.
pub const BUFFERED: u64 = 64 << 10;

/// The share of a child's threads that may send large documents, unless
/// `MirrorBrainMaxLargeDocuments` says how many.
const SHARE: usize = 4;

/// Seconds between two lines in the log about documents that were refused.
const SILENCE: i64 = 60;

/// The large documents that a child sends now.
#[derive(Default)]
pub struct LargeDocuments {
    sent: AtomicUsize,
    said: AtomicI64,
}

/// One of them, until it is dropped.
pub struct Sending(Arc<LargeDocuments>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.sent.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many a child sends at a time if the configuration does not say.
pub fn default_most() -> usize {
    (apache::threads_per_child() / SHARE).max(1)
}

impl LargeDocuments {
    /// Begins to send one, unless there are `most` already. Then the log says so, once a minute.
    pub fn begin(self: &Arc<Self>, most: usize, request: Request<'_>) -> Option<Sending> {
        let more = |now| (now < most).then_some(now + 1);
        let order = Ordering::Relaxed;
        if self.sent.fetch_update(order, order, more).is_ok() {
            return Some(Sending(Arc::clone(self)));
        }
        let (now, said) = (request.time(), self.said.load(order));
        let due = now.saturating_sub(said) >= SILENCE;
        if due && self.said.compare_exchange(said, now, order, order).is_ok() {
            request.log::<MirrorBrain>(Level::Warning, || {
                format!(
                    "this child sends {most} documents with sums at a time and refuses further ones; \
                     see MirrorBrainMaxLargeDocuments"
                )
            });
        }
        None
    }
}
