//! Rows as `COPY ... (FORMAT binary)` sends them, read while they arrive.

/// Takes rows apart that come in pieces, which may end anywhere.
#[derive(Default)]
pub(super) struct BinaryRows {
    rest: Vec<u8>,
    is_begun: bool,
}

/// The signature, flags, and the length of an extension that nobody uses.
const HEADER: usize = 11 + 4 + 4;

impl BinaryRows {
    /// Gives each whole row of what has arrived, as its columns; `None` is NULL.
    pub fn take<const N: usize>(&mut self, piece: &[u8], mut row: impl FnMut([Option<&[u8]>; N])) {
        // The server sends a row a piece: nothing needs to be kept as a rule.
        let kept = std::mem::take(&mut self.rest);
        let joined;
        let mut data = if kept.is_empty() {
            piece
        } else {
            joined = [&*kept, piece].concat();
            &joined
        };
        if !self.is_begun {
            let Some(after) = data.get(HEADER..) else {
                self.rest = data.to_vec();
                return;
            };
            data = after;
            self.is_begun = true;
        }
        while let Some((columns, after)) = columns(data) {
            row(columns);
            data = after;
        }
        // Two bytes at the end say that it is the end.
        self.rest = data.to_vec();
    }
}

type Columns<'a, const N: usize> = ([Option<&'a [u8]>; N], &'a [u8]);

/// The columns of the first row, and what comes after; `None` if it is not all there.
fn columns<const N: usize>(data: &[u8]) -> Option<Columns<'_, N>> {
    let (count, mut data) = data.split_first_chunk()?;
    if i16::from_be_bytes(*count) != i16::try_from(N).ok()? {
        return None;
    }
    let mut columns = [None; N];
    for column in &mut columns {
        let (length, after) = data.split_first_chunk()?;
        // A negative length is NULL's.
        let length = usize::try_from(i32::from_be_bytes(*length));
        let (value, after) = after.split_at_checked(length.unwrap_or(0))?;
        *column = length.is_ok().then_some(value);
        data = after;
    }
    Some((columns, data))
}

/// An `integer`.
pub(super) fn integer(column: Option<&[u8]>) -> Option<i32> {
    Some(i32::from_be_bytes(column?.try_into().ok()?))
}

/// A `bigint`.
pub(super) fn bigint(column: Option<&[u8]>) -> Option<i64> {
    Some(i64::from_be_bytes(column?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_whole_wherever_the_pieces_end() {
        let mut data = vec![7; HEADER];
        for (id, path) in [(1_i32, Some("a")), (-2, None), (3, Some(""))] {
            data.extend(2_i16.to_be_bytes());
            data.extend(4_i32.to_be_bytes());
            data.extend(id.to_be_bytes());
            let length = path.map_or(-1, |path| path.len() as i32);
            data.extend(length.to_be_bytes());
            data.extend(path.unwrap_or_default().as_bytes());
        }
        data.extend((-1_i16).to_be_bytes());
        for size in 1..=data.len() {
            let mut rows = BinaryRows::default();
            let mut found = Vec::new();
            for piece in data.chunks(size) {
                rows.take(piece, |[id, path]| {
                    let path = path.map(|path| String::from_utf8_lossy(path).into_owned());
                    found.push((integer(id), path));
                });
            }
            let expected = [
                (Some(1), Some("a".to_owned())),
                (Some(-2), None),
                (Some(3), Some(String::new())),
            ];
            assert_eq!(found, expected, "{size}");
        }
    }
}
