//! The two commands of memcached's text protocol that are needed here.
//!
//! The answer is that of another machine: whatever it says, little memory is taken for it, and
//! waiting for it ends.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::time::Instant;

/// The longest line of an answer: `VALUE`, a key of at most 250 bytes and three numbers.
const LONGEST_LINE: usize = 512;
/// The longest value that may be the number of a mirror.
const LONGEST_NUMBER: u64 = 32;
/// memcached's own limit of a value, unless its administrator raises it.
const LONGEST_VALUE: u64 = 1 << 20;

/// A connection, over anything that bytes go through.
pub struct Connection<S> {
    stream: BufReader<S>,
}

impl<S: Read + Write> Connection<S> {
    /// Speaks over `stream`, whose reads and writes end on their own if nothing comes.
    pub fn new(stream: S) -> Self {
        Self {
            stream: BufReader::with_capacity(LONGEST_LINE, stream),
        }
    }

    /// The value of a key. `None` also for one that is too long for a number.
    ///
    /// # Errors
    /// If the answer does not come before `deadline`, or is none. The connection is of no use then.
    pub fn get(&mut self, key: &str, deadline: Instant) -> io::Result<Option<String>> {
        self.send(&format!("get {key}\r\n"))?;
        let line = self.line(deadline)?;
        if line == "END" {
            return Ok(None);
        }
        let length = value_length(&line, key).ok_or_else(|| strange(&line))?;
        let value = self.value(length, deadline)?;
        match self.line(deadline)?.as_str() {
            "END" => Ok(value),
            line => Err(strange(line)),
        }
    }

    /// Stores a value.
    ///
    /// # Errors
    /// As [`Connection::get`], or if the server does not store it.
    pub fn set(
        &mut self,
        key: &str,
        value: &str,
        lifetime: u32,
        deadline: Instant,
    ) -> io::Result<()> {
        let length = value.len();
        self.send(&format!("set {key} 0 {lifetime} {length}\r\n{value}\r\n"))?;
        match self.line(deadline)?.as_str() {
            "STORED" => Ok(()),
            line => Err(strange(line)),
        }
    }

    fn send(&mut self, command: &str) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(command.as_bytes())?;
        stream.flush()
    }

    /// A line without its end.
    fn line(&mut self, deadline: Instant) -> io::Result<String> {
        let mut line = Vec::new();
        loop {
            let piece = self.piece(deadline)?;
            let end = piece.iter().position(|&b| b == b'\n');
            let taken = end.map_or(piece.len(), |end| end + 1);
            line.extend_from_slice(piece.get(..taken).unwrap_or(piece));
            self.stream.consume(taken);
            if line.len() > LONGEST_LINE {
                return Err(io::Error::new(ErrorKind::InvalidData, "a line without end"));
            }
            if end.is_some() {
                break;
            }
        }
        let text = String::from_utf8_lossy(&line);
        text.strip_suffix("\r\n")
            .map(str::to_owned)
            .ok_or_else(|| strange(&text))
    }

    /// `length` bytes and the end of a line.
    fn value(&mut self, length: u64, deadline: Instant) -> io::Result<Option<String>> {
        let mut value = Vec::new();
        let mut left = length;
        while left > 0 {
            let piece = self.piece(deadline)?;
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            let piece = piece.get(..most).unwrap_or(piece);
            if length <= LONGEST_NUMBER {
                value.extend_from_slice(piece);
            }
            let taken = piece.len();
            self.stream.consume(taken);
            left = left.saturating_sub(taken as u64);
        }
        match self.line(deadline)?.as_str() {
            "" if length <= LONGEST_NUMBER => Ok(String::from_utf8(value).ok()),
            "" => Ok(None),
            line => Err(strange(line)),
        }
    }

    /// What has come, at least one byte.
    fn piece(&mut self, deadline: Instant) -> io::Result<&[u8]> {
        if Instant::now() > deadline {
            return Err(ErrorKind::TimedOut.into());
        }
        let piece = self
            .stream
            .fill_buf()
            .map_err(|problem| match problem.kind() {
                // What a socket calls a read that took too long.
                ErrorKind::WouldBlock => ErrorKind::TimedOut.into(),
                _ => problem,
            })?;
        if piece.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(piece)
    }
}

/// The length in `VALUE key flags length`, if that answers for `key`.
fn value_length(line: &str, key: &str) -> Option<u64> {
    let mut words = line.split(' ');
    let (head, name) = (words.next()?, words.next()?);
    let _flags: u32 = words.next()?.parse().ok()?;
    let length = words.next()?.parse().ok()?;
    let fits = head == "VALUE" && name == key && words.next().is_none() && length <= LONGEST_VALUE;
    fits.then_some(length)
}

fn strange(line: &str) -> io::Error {
    let shown: String = line.chars().take(60).collect();
    io::Error::new(
        ErrorKind::InvalidData,
        format!("strange answer \"{}\"", shown.escape_debug()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use std::time::Duration;

    /// Answers with fixed bytes, whatever is asked.
    struct Canned(Cursor<Vec<u8>>);

    impl Read for Canned {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            // In small pieces, as a network may.
            let most = buffer.len().min(7);
            self.0.read(buffer.get_mut(..most).unwrap_or_default())
        }
    }

    impl Write for Canned {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn connection(answer: &str) -> Connection<Canned> {
        Connection::new(Canned(Cursor::new(answer.as_bytes().to_vec())))
    }

    fn get(answer: &str) -> Result<Option<String>, String> {
        let deadline = Instant::now() + Duration::from_secs(5);
        let answer = connection(answer).get("k", deadline);
        answer.map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_value_and_none_are_told_apart() {
        assert_eq!(get("VALUE k 0 2\r\n42\r\nEND\r\n"), Ok(Some("42".into())));
        assert_eq!(get("VALUE k 0 0\r\n\r\nEND\r\n"), Ok(Some(String::new())));
        assert_eq!(get("END\r\n"), Ok(None));
    }

    /// The connection stays usable after a value that somebody else put there.
    #[test]
    fn a_long_value_is_skipped() {
        let value = "x".repeat(100_000);
        let answer = format!("VALUE k 0 100000\r\n{value}\r\nEND\r\nEND\r\n");
        let mut connection = connection(&answer);
        let deadline = Instant::now() + Duration::from_secs(5);
        for _ in 0..2 {
            assert_eq!(connection.get("k", deadline).ok(), Some(None));
        }
    }

    /// A length that no memory holds once ended the whole process.
    #[test]
    fn a_length_out_of_all_bounds_is_an_error() {
        for length in [1_u64 << 21, 1 << 50, u64::MAX - 1, u64::MAX] {
            let line = format!("VALUE k 0 {length}");
            assert_eq!(
                get(&format!("{line}\r\nx")),
                Err(format!("strange answer \"{line}\""))
            );
        }
    }

    #[test]
    fn whatever_else_comes_is_an_error() {
        for answer in [
            "",
            "END",
            "END\n",
            "ERROR\r\n",
            "SERVER_ERROR out of memory\r\n",
            "VALUE other 0 2\r\n42\r\nEND\r\n",
            "VALUE k 0\r\n",
            "VALUE k 0 2\r\n423\r\nEND\r\n",
            "VALUE k 0 2\r\n42\r\nVALUE k 0 2\r\n",
            "VALUE k 0 -1\r\n\r\nEND\r\n",
        ] {
            assert!(get(answer).is_err(), "{answer:?}");
        }
        assert!(get(&"x".repeat(100_000)).is_err());
    }

    #[test]
    fn a_late_answer_is_an_error() {
        let past = Instant::now() - Duration::from_millis(1);
        let problem = connection("END\r\n").get("k", past).err();
        assert_eq!(problem.map(|p| p.kind()), Some(ErrorKind::TimedOut));
    }

    #[test]
    fn only_stored_is_stored() {
        let deadline = Instant::now() + Duration::from_secs(5);
        let set = |answer: &str| connection(answer).set("k", "1", 60, deadline);
        assert!(set("STORED\r\n").is_ok());
        let problem = set("SERVER_ERROR out of memory storing object\r\n").err();
        assert_eq!(
            problem.map(|p| p.to_string()).as_deref(),
            Some("strange answer \"SERVER_ERROR out of memory storing object\"")
        );
    }
}
