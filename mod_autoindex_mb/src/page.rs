//! What all forms of a listing share: output, columns, links.

use crate::config::DirectoryConfig;
use crate::entry::Entry;
use crate::escape;
use crate::options::{DEFAULT_WIDTH, Flags, Width};
use crate::patterns::BLANK_ICON;
use crate::query::{Direction, Key, View};
use apache::{LocalTime, Request};
use std::ffi::CStr;
use std::io;

/// Output that is sent in large pieces while the page is made.
pub struct Out<'r> {
    request: Request<'r>,
    buffer: Vec<u8>,
}

/// Bytes after which the output is sent on.
const PIECE: usize = 32 * 1024;

impl<'r> Out<'r> {
    pub fn new(request: Request<'r>) -> Self {
        Self {
            request,
            // A line beyond is common.
            buffer: Vec::with_capacity(PIECE + 1024),
        }
    }

    pub fn put(&mut self, text: impl AsRef<[u8]>) {
        self.buffer.extend_from_slice(text.as_ref());
    }

    pub fn html(&mut self, text: &[u8]) {
        escape::html(text, &mut self.buffer);
    }

    pub fn url_path(&mut self, path: &[u8]) {
        escape::url_path_in_html(path, &mut self.buffer);
    }

    /// `count` spaces.
    pub fn spaces(&mut self, count: usize) {
        self.buffer.resize(self.buffer.len() + count, b' ');
    }

    /// A number that is not negative, with leading zeros up to `width` digits.
    pub fn number(&mut self, number: i32, width: usize) {
        let mut rest = number.unsigned_abs();
        if width == 2 && rest < 100 {
            let [tens, ones] = [rest / 10, rest % 10].map(|digit| b'0' + digit as u8);
            self.buffer.extend_from_slice(&[tens, ones]);
            return;
        }
        let start = self.buffer.len();
        while rest > 0 || self.buffer.len() < start + width {
            self.buffer.push(b'0' + (rest % 10) as u8);
            rest /= 10;
        }
        if let Some(digits) = self.buffer.get_mut(start..) {
            digits.reverse();
        }
    }

    /// Sends what there is, if it is much.
    pub fn pause(&mut self) -> io::Result<()> {
        if self.buffer.len() >= PIECE {
            self.flush()?;
        }
        Ok(())
    }

    /// Sends what there is.
    pub fn flush(&mut self) -> io::Result<()> {
        if !self.buffer.is_empty() {
            self.request.write(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }
}

/// One listing: what it shows and how.
pub struct Page<'r, 'v> {
    pub request: Request<'r>,
    pub config: &'r DirectoryConfig,
    pub view: &'v View<'r>,
}

impl Page<'_, '_> {
    pub fn has(&self, flag: Flags) -> bool {
        self.view.flags.has(flag)
    }

    /// The end of an empty element.
    pub fn close_empty(&self) -> &'static str {
        if self.has(Flags::XHTML) { " />" } else { ">" }
    }

    /// Whether lines are drawn around the list. In a table they are empty headings, and in
    /// preformatted text they have no place: today style sheets draw them.
    pub fn has_rules(&self) -> bool {
        !self.has(Flags::SUPPRESS_RULES.with(Flags::HTML5))
    }

    /// The end of the tag of a link that leads to no page or file of its own: robots need not follow.
    fn close_aside(&self) -> &'static str {
        if self.has(Flags::HTML5) {
            "\" rel=\"nofollow\">"
        } else {
            "\">"
        }
    }

    /// Whether rows and cells have classes for a style sheet.
    pub fn is_styled(&self) -> bool {
        self.config.style_sheet.is_some()
    }

    /// Whether a column for mirror lists and metalinks is asked for.
    pub fn has_links(&self) -> bool {
        self.has(Flags::MIRRORLIST.with(Flags::METALINK))
    }

    /// Links to the mirror list and the metalink of `entry`, where they lead to an answer.
    pub fn links(&self, entry: &Entry<'_>, out: &mut Out<'_>) -> bool {
        if !entry.has_list {
            return false;
        }
        let name = entry.name.to_bytes();
        let mut before = "";
        for (flag, suffix, text) in [
            (Flags::MIRRORLIST, ".mirrorlist", "Details"),
            (Flags::METALINK, ".meta4", "Metalink"),
        ] {
            if self.has(flag) {
                out.put(before);
                out.put("<a href=\"");
                out.url_path(name);
                out.put(suffix);
                out.put(self.close_aside());
                out.put(text);
                out.put("</a>");
                before = " ";
            }
        }
        true
    }

    /// As [`Page::links`], behind spaces.
    pub fn links_behind(&self, spaces: usize, entry: &Entry<'_>, out: &mut Out<'_>) {
        let mark = out.buffer.len();
        out.spaces(spaces);
        if !self.links(entry, out) {
            out.buffer.truncate(mark);
        }
    }

    /// The width of the name column in bytes.
    pub fn name_width(&self, entries: &[&Entry<'_>]) -> usize {
        match self.config.options.name_width {
            None => DEFAULT_WIDTH,
            Some(Width::Fixed(width)) => width,
            Some(Width::Widest(least)) => entries
                .iter()
                .map(|entry| entry.shown_name().len())
                .fold(least, usize::max),
        }
    }

    /// The width of the description column in bytes, for texts that are longer to be cut;
    /// `None` if none is cut.
    pub fn description_width(&self) -> Option<usize> {
        match self.config.options.description_width {
            Some(Width::Fixed(width)) => Some(width),
            Some(Width::Widest(_)) => None,
            None => {
                let spare = [
                    (Flags::SUPPRESS_ICON, 6),
                    (Flags::SUPPRESS_LAST_MODIFIED, 19),
                    (Flags::SUPPRESS_SIZE, 7),
                ];
                let spare = spare.iter().filter(|(flag, _)| self.has(*flag));
                Some(DEFAULT_WIDTH + spare.map(|(_, width)| width).sum::<usize>())
            }
        }
    }

    /// The heading of a column, a link that sorts by it.
    pub fn heading(&self, text: &str, key: Key, out: &mut Out<'_>) {
        if self.has(Flags::SUPPRESS_COLUMN_SORTING) {
            out.put(text);
            return;
        }
        let turned = self.view.key == key && self.view.direction == Direction::Ascending;
        out.put("<a href=\"?C=");
        out.put([key.letter() as u8]);
        out.put(if turned { ";O=D" } else { ";O=A" });
        out.put(&self.view.carried);
        out.put(self.close_aside());
        out.put(text);
        out.put("</a>");
    }

    /// The icon in the heading of the icon column; false if there is none.
    pub fn blank_icon(&self, text: &str, out: &mut Out<'_>) -> bool {
        let Some(icon) = self.config.icons.find(BLANK_ICON, None) else {
            return false;
        };
        self.image(icon, |out| out.put(text), out);
        true
    }

    /// The icon of an entry, as a link if that is wanted; `blank` fills its place if there is none.
    pub fn linked_icon(
        &self,
        entry: &Entry<'_>,
        out: &mut Out<'_>,
        blank: impl FnOnce(&mut Out<'_>),
    ) {
        let linked = self.has(Flags::ICONS_ARE_LINKS);
        if linked {
            out.put("<a href=\"");
            out.url_path(entry.name.to_bytes());
            out.put("\">");
        }
        if !self.icon(entry, out) {
            blank(out);
        }
        if linked {
            out.put("</a>");
        }
    }

    /// The icon of an entry; false if there is none.
    fn icon(&self, entry: &Entry<'_>, out: &mut Out<'_>) -> bool {
        let Some(icon) = entry.icon.or(self.default_icon()) else {
            return false;
        };
        let text = entry.text.unwrap_or(b"   ");
        let bracketed = |out: &mut Out<'_>| {
            out.put("[");
            // Like the icon's address and the description, HTML from the configuration.
            out.put(text);
            out.put("]");
        };
        self.image(icon, bracketed, out);
        true
    }

    fn default_icon(&self) -> Option<&[u8]> {
        self.config.default_icon.as_deref().map(CStr::to_bytes)
    }

    fn image(&self, icon: &[u8], text: impl FnOnce(&mut Out<'_>), out: &mut Out<'_>) {
        out.put("<img src=\"");
        out.html(icon);
        out.put("\" alt=\"");
        text(out);
        out.put("\"");
        let options = &self.config.options;
        if options.icon_width != 0 {
            out.put(format!(" width=\"{}\"", options.icon_width));
        }
        if options.icon_height != 0 {
            out.put(format!(" height=\"{}\"", options.icon_height));
        }
        out.put(self.close_empty());
    }

    /// The name of an entry as a link, cut to `width`; gives the number of bytes shown.
    pub fn name(&self, entry: &Entry<'_>, width: usize, out: &mut Out<'_>) -> usize {
        let name = entry.shown_name();
        out.put("<a href=\"");
        out.url_path(entry.name.to_bytes());
        out.put("\">");
        let shown = if name.len() > width {
            let kept = name.get(..width.saturating_sub(3)).unwrap_or(b"");
            out.html(kept);
            out.put("..&gt;");
            width
        } else {
            out.html(name);
            name.len()
        };
        out.put("</a>");
        shown
    }

    /// The time of an entry in the listing's format.
    pub fn time(&self, modified: i64, out: &mut Out<'_>) {
        let time = LocalTime::new(modified.div_euclid(1_000_000));
        if self.has(Flags::USE_OLD_DATE_FORMAT) {
            out.number(time.day, 2);
            out.put("-");
            out.put(MONTHS.get(time.month).copied().unwrap_or_default());
            out.put("-");
            out.number(time.year, 4);
        } else {
            out.number(time.year, 4);
            out.put("-");
            out.number(i32::try_from(time.month).unwrap_or(0) + 1, 2);
            out.put("-");
            out.number(time.day, 2);
        }
        out.put(" ");
        out.number(time.hour, 2);
        out.put(":");
        out.number(time.minute, 2);
    }
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
