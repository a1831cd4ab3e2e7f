//! Listings that are read while what they show is compared.

use crate::source::{Protocol, Request, Settings};
use mirror_files::{Entry, Error, Listing};
use std::ops::ControlFlow;
use std::sync::mpsc;
use std::thread;

/// Entries that are handed over at once.
const TOGETHER: usize = 512;

/// So many times as many wait, while the paths of the database are still being read.
const WAITING: usize = 256;

/// Lists a mirror in a thread of its own, and gives the entries to `take` in this one.
pub(super) fn list(
    settings: &Settings,
    protocol: Protocol,
    url: &str,
    request: &Request<'_>,
    mut take: impl FnMut(Entry) -> ControlFlow<()>,
) -> Result<Listing, Error> {
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel::<Vec<Entry>>(WAITING);
        let reader = scope.spawn(move || {
            let mut together = Vec::with_capacity(TOGETHER);
            let listed = settings.list(protocol, url, request, &mut |entry| {
                together.push(entry);
                if together.len() < TOGETHER {
                    return ControlFlow::Continue(());
                }
                let full = std::mem::replace(&mut together, Vec::with_capacity(TOGETHER));
                match sender.send(full) {
                    Ok(()) => ControlFlow::Continue(()),
                    // Nobody wants more.
                    Err(_) => ControlFlow::Break(()),
                }
            });
            let _ = sender.send(together);
            listed
        });
        'taking: for entries in &receiver {
            for entry in entries {
                if take(entry).is_break() {
                    break 'taking;
                }
            }
        }
        drop(receiver);
        match reader.join() {
            Ok(listed) => listed,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
