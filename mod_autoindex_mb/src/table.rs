//! A listing as an HTML table (`IndexOptions HTMLTable`).

use crate::description;
use crate::entry::Entry;
use crate::options::{Flags, Width};
use crate::page::{Out, Page};
use crate::query::Key;
use std::io;

/// What a cell's tag says beside its name.
struct Cell {
    class: &'static str,
    /// Without a style sheet.
    plain: &'static str,
}

const ICON: Cell = Cell {
    class: " class=\"indexcolicon\">",
    plain: " valign=\"top\">",
};
const NAME: Cell = Cell {
    class: " class=\"indexcolname\">",
    plain: ">",
};
const LAST_MODIFIED: Cell = Cell {
    class: " class=\"indexcollastmod\">",
    plain: " align=\"right\">",
};
const SIZE: Cell = Cell {
    class: " class=\"indexcolsize\">",
    plain: " align=\"right\">",
};
const DESCRIPTION: Cell = Cell {
    class: " class=\"indexcoldesc\">",
    plain: ">",
};
const METADATA: Cell = Cell {
    class: " class=\"indexcolmeta\">",
    plain: ">",
};

/// Writes the table.
pub fn write(page: &Page<'_, '_>, entries: &[&Entry<'_>], out: &mut Out<'_>) -> io::Result<()> {
    let name_width = page.name_width(entries);
    heading(page, out);
    let columns = 1
        + [
            Flags::SUPPRESS_ICON,
            Flags::SUPPRESS_LAST_MODIFIED,
            Flags::SUPPRESS_SIZE,
            Flags::SUPPRESS_DESCRIPTION,
        ]
        .into_iter()
        .filter(|&flag| !page.has(flag))
        .count()
        + usize::from(page.has_links());
    rule(page, columns, out);
    if page.has(Flags::HTML5) {
        out.put("   <tbody>\n");
    }
    for (number, entry) in entries.iter().enumerate() {
        row(page, entry, number, name_width, out);
        out.pause()?;
    }
    rule(page, columns, out);
    if page.has(Flags::HTML5) {
        out.put("   </tbody>\n");
    }
    out.put("</table>\n");
    Ok(())
}

fn open(page: &Page<'_, '_>, tag: &str, cell: &Cell, out: &mut Out<'_>) {
    out.put(tag);
    out.put(if page.is_styled() {
        cell.class
    } else if page.has(Flags::HTML5) {
        ">"
    } else {
        cell.plain
    });
}

fn open_heading(page: &Page<'_, '_>, cell: &Cell, out: &mut Out<'_>) {
    out.put("<th");
    if page.has(Flags::HTML5) {
        out.put(" scope=\"col\"");
    }
    out.put(if page.is_styled() { cell.class } else { ">" });
}

fn heading(page: &Page<'_, '_>, out: &mut Out<'_>) {
    out.put(if page.is_styled() {
        "  <table id=\"indexlist\">\n"
    } else {
        "  <table>\n"
    });
    if page.has(Flags::HTML5) {
        out.put("   <thead>\n");
    }
    out.put(if page.is_styled() {
        "   <tr class=\"indexhead\">"
    } else {
        "   <tr>"
    });
    if !page.has(Flags::SUPPRESS_ICON) {
        open(page, "<th", &ICON, out);
        if !page.blank_icon("[ICO]", out) {
            out.put("&nbsp;");
        }
        out.put("</th>");
    }
    for (unwanted, cell, text, key) in [
        (None, &NAME, "Name", Key::Name),
        (
            Some(Flags::SUPPRESS_LAST_MODIFIED),
            &LAST_MODIFIED,
            "Last modified",
            Key::LastModified,
        ),
        (Some(Flags::SUPPRESS_SIZE), &SIZE, "Size", Key::Size),
        (
            Some(Flags::SUPPRESS_DESCRIPTION),
            &DESCRIPTION,
            "Description",
            Key::Description,
        ),
    ] {
        if unwanted.is_none_or(|flag| !page.has(flag)) {
            open_heading(page, cell, out);
            page.heading(text, key, out);
            out.put("</th>");
        }
    }
    if page.has_links() {
        open_heading(page, &METADATA, out);
        out.put("Metadata</th>");
    }
    out.put("</tr>\n");
    if page.has(Flags::HTML5) {
        out.put("   </thead>\n");
    }
}

fn rule(page: &Page<'_, '_>, columns: usize, out: &mut Out<'_>) {
    if page.has_rules() {
        let class = if page.is_styled() {
            " class=\"indexbreakrow\""
        } else {
            ""
        };
        let close = page.close_empty();
        out.put(format!(
            "   <tr{class}><th colspan=\"{columns}\"><hr{close}</th></tr>\n"
        ));
    }
}

fn row(
    page: &Page<'_, '_>,
    entry: &Entry<'_>,
    number: usize,
    name_width: usize,
    out: &mut Out<'_>,
) {
    open_row(page, entry, number, out);
    if !page.has(Flags::SUPPRESS_ICON) {
        open(page, "<td", &ICON, out);
        page.linked_icon(entry, out, |out| out.put("&nbsp;"));
        out.put("</td>");
    }
    open(page, "<td", &NAME, out);
    let shown = page.name(entry, name_width, out);
    // A column that adapts to its entries needs no filling.
    if !matches!(page.config.options.name_width, Some(Width::Widest(_))) {
        out.spaces(name_width.saturating_sub(shown));
    }
    out.put("</td>");
    if !page.has(Flags::SUPPRESS_LAST_MODIFIED) {
        if let Some(modified) = entry.modified {
            open(page, "<td", &LAST_MODIFIED, out);
            page.time(modified, out);
            out.put("  </td>");
        } else {
            out.put("<td");
            out.put(if page.is_styled() {
                LAST_MODIFIED.class
            } else {
                ">"
            });
            out.put("&nbsp;</td>");
        }
    }
    if !page.has(Flags::SUPPRESS_SIZE) {
        open(page, "<td", &SIZE, out);
        out.put(apache::format_size(entry.size));
        out.put("</td>");
    }
    if !page.has(Flags::SUPPRESS_DESCRIPTION) {
        open(page, "<td", &DESCRIPTION, out);
        match &entry.description {
            Some(text) => out.put(description::cut(text, page.description_width())),
            None => out.put("&nbsp;"),
        }
        out.put("</td>");
    }
    if page.has_links() {
        open(page, "<td", &METADATA, out);
        page.links(entry, out);
        out.put("</td>");
    }
    out.put("</tr>\n");
}

fn open_row(page: &Page<'_, '_>, entry: &Entry<'_>, number: usize, out: &mut Out<'_>) {
    if !page.is_styled() {
        out.put("<tr>");
        return;
    }
    out.put("   <tr class=\"");
    out.put(if number.is_multiple_of(2) {
        "even"
    } else {
        "odd"
    });
    if let Some(text) = entry.text.filter(|_| page.has(Flags::ADD_ALT_CLASS)) {
        out.put("-");
        out.put(text.to_ascii_lowercase());
    }
    out.put("\">");
}
