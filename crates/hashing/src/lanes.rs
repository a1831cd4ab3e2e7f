//! One thread for each digest of a large file, fed with the same chunks.

use crate::read::{CHUNK, Reader, whole};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

/// Chunks that a lane may lag behind.
const QUEUE: usize = 8;

/// Something that wants all bytes of a file in order.
pub type Lane<'l> = &'l mut (dyn FnMut(&[u8]) -> io::Result<()> + Send);

/// Reads to the end, gives each lane every byte, and returns the number of bytes. `size` is what to expect: a
/// file of one chunk is not worth a thread, and one that goes on is not read for ever.
pub fn feed(file: &File, size: u64, lanes: &mut [Lane<'_>], read: &dyn Fn(u64)) -> io::Result<u64> {
    if size > CHUNK as u64 {
        return feed_threads(&mut Reader::new(file), size, lanes, read);
    }
    let bytes = whole(file, size as usize)?;
    for lane in lanes {
        lane(&bytes)?;
    }
    read(bytes.len() as u64);
    Ok(bytes.len() as u64)
}

/// A chunk whose memory goes back to the reader when the last lane has seen it.
struct Chunk {
    bytes: Vec<u8>,
    home: std::sync::mpsc::Sender<Vec<u8>>,
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // The reader may be gone: then so is the need for it.
        let _ = self.home.send(std::mem::take(&mut self.bytes));
    }
}

fn feed_threads(
    reader: &mut Reader<'_>,
    size: u64,
    lanes: &mut [Lane<'_>],
    read: &dyn Fn(u64),
) -> io::Result<u64> {
    thread::scope(|scope| {
        let mut queues: Vec<SyncSender<Arc<Chunk>>> = Vec::new();
        let mut workers = Vec::new();
        for lane in lanes {
            let (sender, receiver) = sync_channel(QUEUE);
            queues.push(sender);
            workers.push(scope.spawn(move || work(&receiver, lane)));
        }
        let total = spread(reader, size, &queues, read);
        drop(queues);
        for worker in workers {
            match worker.join() {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        total
    })
}

fn work(queue: &Receiver<Arc<Chunk>>, lane: Lane<'_>) -> io::Result<()> {
    queue.iter().try_for_each(|chunk| lane(&chunk.bytes))
}

fn spread(
    reader: &mut Reader<'_>,
    size: u64,
    queues: &[SyncSender<Arc<Chunk>>],
    read: &dyn Fn(u64),
) -> io::Result<u64> {
    let (home, returned) = channel();
    let mut total = 0;
    loop {
        let mut bytes: Vec<u8> = returned.try_recv().unwrap_or_default();
        reader.next(&mut bytes)?;
        let length = bytes.len() as u64;
        if length == 0 || total > size {
            return Ok(total);
        }
        let chunk = Arc::new(Chunk {
            bytes,
            home: home.clone(),
        });
        for queue in queues {
            // A lane that failed says so when it is joined.
            let _ = queue.send(Arc::clone(&chunk));
        }
        total += length;
        read(length);
    }
}
