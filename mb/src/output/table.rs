//! Aligned columns with a heading.

use super::visible;
use anstyle::{AnsiColor, Style};
use std::fmt;
use unicode_width::UnicodeWidthStr;

/// What stands in a row of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    text: String,
    style: Style,
    is_number: bool,
}

impl Cell {
    /// Text, on the left.
    pub fn text(text: impl fmt::Display) -> Self {
        Self {
            // A cell is one line.
            text: visible(&text.to_string()).replace(['\n', '\t'], " "),
            ..Self::default()
        }
    }

    /// A number, on the right.
    pub fn number(number: impl fmt::Display) -> Self {
        Self {
            is_number: true,
            ..Self::text(number)
        }
    }

    /// Yes or no; what is wrong in red.
    pub fn state(is_good: bool, good: &str, bad: &str) -> Self {
        if is_good {
            Self::text(good).styled(AnsiColor::Green.on_default())
        } else {
            Self::text(bad).styled(AnsiColor::Red.on_default())
        }
    }

    /// The same in another style.
    pub fn styled(self, style: Style) -> Self {
        Self { style, ..self }
    }
}

/// Rows of cells below headings.
#[derive(Debug, Clone, Default)]
pub struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(headings: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            headings: headings.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The width of each column.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.headings.iter().map(|h| h.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width());
            }
        }
        widths
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let is_number = |column: usize| {
            let mut cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.next().is_some_and(|cell| cell.is_number)
        };
        let headings = self.headings.iter().enumerate().map(|(column, text)| Cell {
            text: text.clone(),
            style: Style::new().bold(),
            is_number: is_number(column),
        });
        write_row(f, &headings.collect::<Vec<_>>(), &widths)?;
        for row in &self.rows {
            write_row(f, row, &widths)?;
        }
        Ok(())
    }
}

/// The cells, two blanks between them and none at the end.
fn write_row(f: &mut fmt::Formatter<'_>, cells: &[Cell], widths: &[usize]) -> fmt::Result {
    // Blanks that are due if something follows.
    let mut due = 0;
    for (cell, width) in cells.iter().zip(widths) {
        let Cell { text, style, .. } = cell;
        let missing = width.saturating_sub(text.width());
        let (before, after) = if cell.is_number {
            (missing, 0)
        } else {
            (0, missing)
        };
        if !text.is_empty() {
            let blanks = due + before;
            write!(f, "{:blanks$}{style}{text}{style:#}", "")?;
            due = after + 2;
        } else {
            due += width + 2;
        }
    }
    writeln!(f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        let mut table = Table::new(["name", "score", "note"]);
        table.row([Cell::text("größe"), Cell::number(7), Cell::text("")]);
        table.row([Cell::text("a"), Cell::number(100), Cell::text("x\x1b[2Jy")]);
        let text = anstream::adapter::strip_str(&table.to_string()).to_string();
        assert_eq!(
            text,
            "name   score  note\ngröße      7\na        100  x\\u{1b}[2Jy\n"
        );
    }
}
