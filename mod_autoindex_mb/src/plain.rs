//! A listing of names only.

use crate::entry::Entry;
use crate::page::{Out, Page};
use std::io;

/// Writes the list.
pub fn write(page: &Page<'_, '_>, entries: &[&Entry<'_>], out: &mut Out<'_>) -> io::Result<()> {
    out.put("<ul>");
    for entry in entries {
        out.put("<li><a href=\"");
        out.url_path(entry.name.to_bytes());
        out.put("\"> ");
        out.html(entry.shown_name());
        out.put("</a>");
        page.links_behind(1, entry, out);
        out.put("</li>\n");
        out.pause()?;
    }
    out.put("</ul>\n");
    Ok(())
}
