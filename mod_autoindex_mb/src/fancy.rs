//! A listing in preformatted columns (`IndexOptions FancyIndexing`).

use crate::description;
use crate::entry::Entry;
use crate::options::{DEFAULT_WIDTH, Flags};
use crate::page::{Out, Page};
use crate::query::Key;
use std::io;

/// Writes the columns.
pub fn write(page: &Page<'_, '_>, entries: &[&Entry<'_>], out: &mut Out<'_>) -> io::Result<()> {
    let name_width = page.name_width(entries);
    let description_width = if page.has_links() {
        description_column(page, entries)
    } else {
        0
    };
    out.put("<pre>");
    heading(page, name_width, description_width, out);
    for entry in entries {
        row(page, entry, name_width, description_width, out);
        out.pause()?;
    }
    if page.has_rules() {
        out.put("<hr");
        out.put(page.close_empty());
    }
    out.put("</pre>\n");
    Ok(())
}

/// The width that keeps the column behind the descriptions straight.
fn description_column(page: &Page<'_, '_>, entries: &[&Entry<'_>]) -> usize {
    page.description_width().unwrap_or_else(|| {
        entries
            .iter()
            .map(|entry| description::visible_width(entry.description()))
            .fold(DEFAULT_WIDTH, usize::max)
    })
}

fn heading(page: &Page<'_, '_>, name_width: usize, description_width: usize, out: &mut Out<'_>) {
    if !page.has(Flags::SUPPRESS_ICON) {
        if page.blank_icon("Icon ", out) {
            out.put(" ");
        } else {
            out.spaces(6);
        }
    }
    page.heading("Name", Key::Name, out);
    out.spaces(name_width.saturating_sub(4) + 1);
    if !page.has(Flags::SUPPRESS_LAST_MODIFIED) {
        page.heading("Last modified", Key::LastModified, out);
        out.spaces(6);
    }
    if !page.has(Flags::SUPPRESS_SIZE) {
        page.heading("Size", Key::Size, out);
        out.spaces(2);
    }
    if !page.has(Flags::SUPPRESS_DESCRIPTION) {
        page.heading("Description", Key::Description, out);
        if page.has_links() {
            // The heading of the dates is wider than a date in the usual format.
            let ahead = !page.has(Flags::SUPPRESS_LAST_MODIFIED.with(Flags::USE_OLD_DATE_FORMAT));
            out.spaces(description_width.saturating_sub(11 + usize::from(ahead)) + 1);
        }
    }
    if page.has_links() {
        out.put("Metadata");
    }
    if page.has_rules() {
        out.put("<hr");
        out.put(page.close_empty());
    } else {
        out.put("\n");
    }
}

fn row(
    page: &Page<'_, '_>,
    entry: &Entry<'_>,
    name_width: usize,
    description_width: usize,
    out: &mut Out<'_>,
) {
    if !page.has(Flags::SUPPRESS_ICON) {
        page.linked_icon(entry, out, |out| out.spaces(5));
        out.put(" ");
    }
    let shown = page.name(entry, name_width, out);
    out.spaces(name_width.saturating_sub(shown) + 1);
    if !page.has(Flags::SUPPRESS_LAST_MODIFIED) {
        match entry.modified {
            Some(modified) => {
                page.time(modified, out);
                out.spaces(2);
            }
            None => out.spaces(19),
        }
    }
    if !page.has(Flags::SUPPRESS_SIZE) {
        out.put(apache::format_size(entry.size));
        out.spaces(2);
    }
    let mut spaces = 0;
    if !page.has(Flags::SUPPRESS_DESCRIPTION) {
        let text = description::cut(entry.description(), page.description_width());
        out.put(&text);
        spaces = description_width.saturating_sub(description::visible_width(&text)) + 1;
    }
    page.links_behind(spaces, entry, out);
    out.put("\n");
}
