//! Reading a directory.

use crate::config::DirectoryConfig;
use crate::entry::Entry;
use crate::options::Flags;
use crate::patterns::DIRECTORY;
use crate::query::View;
use crate::reading::{Details, Kind, OpenDirectory};
use crate::shortcut::Shortcut;
use crate::title::title;
use apache::{Alike, EntryPath, FileKind, FileMatch, FileType, Request, SubRequest, TypeProbe};
use module_kit::{ListedFile, MirrorListAsker};
use std::borrow::Cow;
use std::ffi::{CStr, CString};

/// What is read of a directory and in which way.
pub struct Scan<'r, 'v> {
    listing: Request<'r>,
    config: &'r DirectoryConfig,
    view: &'v View<'r>,
    /// Types of files are needed: for icons, texts, titles or links.
    types: bool,
    shortcut: Option<Shortcut<'r>>,
    /// The lookup of a file that stands for all that [`Shortcut`] covers: its premise, observed.
    probe: Option<TypeProbe<'r>>,
    probed: u32,
    /// Which files have mirror lists, if that is shown.
    lists: Option<MirrorListAsker<'r>>,
}

/// Files whose types one probe is asked for, after which it is replaced: what the hooks allocate
/// stays with it.
const PROBE_USES: u32 = 500;

/// Bytes of a name that need no more room than was made.
const USUAL_NAME: usize = 255;

impl<'r, 'v> Scan<'r, 'v> {
    /// Prepares to read the directory that `listing` is a request for.
    pub fn new(listing: Request<'r>, config: &'r DirectoryConfig, view: &'v View<'r>) -> Self {
        let by_type = config.icons.need_types() || config.texts.need_types();
        let shown_by_type =
            view.has_columns() && (by_type || view.flags.has(Flags::SCAN_HTML_TITLES));
        let wants_links = view.flags.has(Flags::MIRRORLIST.with(Flags::METALINK));
        let lists = wants_links.then(|| MirrorListAsker::new(listing)).flatten();
        let linked_by_type = lists.as_ref().is_some_and(MirrorListAsker::needs_types);
        Self {
            listing,
            config,
            view,
            types: shown_by_type || linked_by_type,
            shortcut: Shortcut::of(listing),
            probe: None,
            probed: 0,
            lists,
        }
    }

    /// The way up, then all entries that may be shown, the last one read first.
    pub fn entries(mut self, directory: &OpenDirectory) -> Vec<Entry<'r>> {
        let mut path = EntryPath::new(self.listing.filename().unwrap_or(c""), USUAL_NAME);
        let mut entries = Vec::new();
        directory.for_each(|name, kind| {
            if let Some(entry) = self.entry(directory, name, kind, path.of(name)) {
                entries.push(entry);
            }
        });
        entries.reverse();
        entries.extend(self.parent(path.of(c"..")));
        entries
    }

    /// The line that leads up; none at the root.
    ///
    /// Patterns see the parent as the entry `..` of this directory, at `path`.
    fn parent(&self, path: &CStr) -> Option<Entry<'r>> {
        let up = above(self.listing.uri())?;
        if self.config.ignored.ignore(path) {
            return None;
        }
        let mut entry = Entry::new(self.listing.pool().copy_bytes(up));
        // A table without FancyIndexing leaves this line bare.
        if self.view.flags.has(Flags::FANCY_INDEXING) {
            self.choose_for_directory(&mut entry, path);
            entry.text = entry.text.or(Some(b"PARENTDIR"));
            entry.description = self.config.descriptions.find(path).map(Cow::Borrowed);
        }
        Some(entry)
    }

    /// The entry `name`, whose path is `path`.
    fn entry(
        &mut self,
        from: &OpenDirectory,
        name: &CStr,
        kind: Kind,
        path: &CStr,
    ) -> Option<Entry<'r>> {
        if let Some(pattern) = self.view.pattern
            && !apache::file_match(pattern, name, FileMatch::NoEscapePeriod)
        {
            return None;
        }
        if self.config.ignored.ignore(path) {
            return None;
        }
        match kind {
            Kind::Regular => {
                let shortcut = self.shortcut.as_ref();
                match shortcut.and_then(|shortcut| shortcut.covers(name)) {
                    Some(file) if self.probe_serves() => self.like_the_others(from, file, path),
                    covered => self.looked_up(name, kind, covered.is_some()),
                }
            }
            Kind::Directory | Kind::Link => self.looked_up(name, kind, false),
            // Never listed.
            Kind::Other => None,
        }
    }

    fn probe_serves(&self) -> bool {
        self.probe.is_some() && (!self.types || self.probed < PROBE_USES)
    }

    /// A regular file that [`Shortcut`] covers.
    fn like_the_others(
        &mut self,
        from: &OpenDirectory,
        file: Alike<'_>,
        path: &CStr,
    ) -> Option<Entry<'r>> {
        let name = file.name();
        // Asked even where neither is shown: httpd leaves out what it may not look at, and a
        // security module of the kernel (SELinux, AppArmor) may hide single files.
        let Details { size, modified } = from.details(name)?;
        let mut probe = self.probe.take();
        let types = match &mut probe {
            Some(probe) if self.types => {
                self.probed += 1;
                probe.type_of(file)
            }
            _ => FileType::default(),
        };
        let mut entry = Entry::new(self.listing.pool().copy_str(name));
        if self.view.has_columns() {
            entry.size = Some(size);
            entry.modified = Some(modified);
            self.choose_for_file(&mut entry, path, types);
        }
        entry.has_list = self.has_list(name, false, types);
        self.probe = probe;
        Some(entry)
    }

    /// Whatever httpd says of `name`. `covered` makes the lookup the observation that
    /// [`Shortcut`] asks for.
    fn looked_up(&mut self, name: &CStr, kind: Kind, covered: bool) -> Option<Entry<'r>> {
        let (lookup, target) = SubRequest::lookup_entry(self.listing, name)?;
        let entry = self.entry_of(&lookup, name, kind, target);
        if covered {
            let hooks = self.shortcut.as_ref().map(|shortcut| &*shortcut.hooks);
            self.probe = hooks.and_then(|hooks| TypeProbe::new(self.listing, lookup, hooks));
            self.probed = 0;
            if self.probe.is_none() {
                self.shortcut = None;
            }
        }
        entry
    }

    fn entry_of(
        &mut self,
        lookup: &SubRequest<'r>,
        name: &CStr,
        kind: Kind,
        target: FileKind,
    ) -> Option<Entry<'r>> {
        let request = lookup.request();
        let status = request.status();
        let info = request.file_info();
        let shown = matches!(status, 200..=399)
            || (matches!(status, 401 | 403) && self.view.flags.has(Flags::SHOW_FORBIDDEN));
        if !shown || !matches!(info.kind, FileKind::Regular | FileKind::Directory) {
            return None;
        }
        let is_directory = target == FileKind::Directory;
        let pool = self.listing.pool();
        let shown_name = if is_directory {
            pool.copy_bytes(&[name.to_bytes(), b"/"].concat())
        } else {
            pool.copy_str(name)
        };
        let mut entry = Entry::new(shown_name);
        let types = FileType {
            content_type: request.content_type(),
            encoding: request.content_encoding(),
        };
        if self.view.has_columns() {
            entry.modified = Some(info.mtime_micros);
            let path = request.filename().unwrap_or(c"");
            if is_directory {
                entry.first = self.view.flags.has(Flags::FOLDERS_FIRST);
                let path = without_index(path);
                self.choose_for_directory(&mut entry, &path);
                entry.text = entry.text.or(Some(b"DIR"));
                entry.description = self.config.descriptions.find(&path).map(Cow::Borrowed);
            } else {
                entry.size = Some(info.size);
                self.choose_for_file(&mut entry, path, types);
            }
        }
        entry.has_list = !is_directory && self.has_list(name, kind == Kind::Link, types);
        Some(entry)
    }

    fn has_list(&mut self, name: &CStr, is_link: bool, types: FileType<'_>) -> bool {
        let Some(lists) = &mut self.lists else {
            return false;
        };
        lists.has_list(ListedFile {
            name,
            is_link,
            content_type: types.content_type,
        })
    }

    fn choose_for_directory(&self, entry: &mut Entry<'r>, path: &CStr) {
        let (icons, texts) = (&self.config.icons, &self.config.texts);
        entry.icon = icons
            .find(path, None)
            .or_else(|| icons.find(DIRECTORY, None));
        entry.text = texts
            .find(path, None)
            .or_else(|| texts.find(DIRECTORY, None));
    }

    fn choose_for_file(&self, entry: &mut Entry<'r>, path: &CStr, types: FileType<'_>) {
        entry.icon = self.config.icons.find(path, Some(types));
        entry.text = self.config.texts.find(path, Some(types));
        entry.description = self.config.descriptions.find(path).map(Cow::Borrowed);
        if entry.description.is_none() && self.view.flags.has(Flags::SCAN_HTML_TITLES) {
            entry.description = title(path, types).map(Cow::Owned);
        }
    }
}

/// The path that leads up from `uri`, which httpd has resolved; none from the root.
fn above(uri: &[u8]) -> Option<&[u8]> {
    let directory = uri.strip_suffix(b"/").unwrap_or(uri);
    let end = directory.iter().rposition(|&b| b == b'/')?;
    directory.get(..=end)
}

/// The directory a lookup ended in, without a slash at its end. The lookup of a directory may
/// have led to its index page.
fn without_index(path: &CStr) -> CString {
    let bytes = path.to_bytes();
    let end = bytes
        .iter()
        .rposition(|&b| b == b'/')
        .unwrap_or(bytes.len());
    CString::new(bytes.get(..end).unwrap_or(bytes)).unwrap_or_default()
}
