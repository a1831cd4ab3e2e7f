//! What another machine answers.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};
use stickiness::protocol::Connection;

/// Answers with fixed bytes, in pieces whose length the first byte tells.
struct Canned<'a> {
    bytes: &'a [u8],
    piece: usize,
}

impl Read for Canned<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.piece);
        self.bytes.read(buffer.get_mut(..most).unwrap_or_default())
    }
}

impl Write for Canned<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Answers of memcached.
pub fn memcached(input: &[u8]) {
    let Some((&piece, bytes)) = input.split_first() else {
        return;
    };
    let piece = usize::from(piece).max(1);
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut connection = Connection::new(Canned { bytes, piece });
    for _ in 0..8 {
        let Ok(value) = connection.get("mb_x_192.0.2.1", deadline) else {
            break;
        };
        assert!(value.is_none_or(|value| value.len() <= 32));
    }
    let mut connection = Connection::new(Canned { bytes, piece });
    let stored = connection.set("mb_x_192.0.2.1", "7", 60, deadline);
    assert_eq!(stored.is_ok(), bytes.starts_with(b"STORED\r\n"));
}
