//! Lines of a stream.

use crate::Error;
use crate::intake::Stop;

/// The longest line: 4096 bytes of a path, each of which may be written as five (rsync).
const LONGEST: usize = 1 << 15;

/// Cuts what is read into lines.
#[derive(Default)]
pub(crate) struct Lines {
    start: Vec<u8>,
}

impl Lines {
    /// Gives the lines that are complete.
    pub fn split(
        &mut self,
        mut piece: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = piece.split_at_checked(end).unwrap_or_default();
            if self.start.is_empty() {
                take(line)?;
            } else {
                self.start.extend_from_slice(line);
                take(&self.start)?;
                self.start.clear();
            }
            piece = rest.get(1..).unwrap_or_default();
        }
        self.start.extend_from_slice(piece);
        if self.start.len() > LONGEST {
            return Err(Error::TooMuch(format!("{LONGEST} bytes in a line")).into());
        }
        Ok(())
    }

    /// Whether the last line has no end.
    pub fn is_cut(&self) -> bool {
        !self.start.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_they_arrive(
            lines in prop::collection::vec("[^\n]{0,9}", 0..9),
            size in 1..20_usize,
        ) {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            let (mut line, mut found) = (Lines::default(), Vec::new());
            for piece in text.as_bytes().chunks(size) {
                let taken = line.split(piece, |line| { found.push(line.to_vec()); Ok(()) });
                prop_assert!(taken.is_ok());
            }
            prop_assert!(!line.is_cut());
            prop_assert!(found.iter().map(Vec::as_slice).eq(lines.iter().map(String::as_bytes)));
        }
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let mut line = Lines::default();
        let all = (0..100).try_for_each(|_| line.split(&[b'x'; 1000], |_| Ok(())));
        assert!(matches!(all, Err(Stop::Error(Error::TooMuch(_)))));
        assert!(line.start.len() < LONGEST + 2000);
    }
}
