//! Reading a directory.

use crate::config::Directory;
use crate::entry::Entry;
use crate::known_modules::Shortcut;
use crate::options::Flags;
use crate::patterns::DIRECTORY;
use crate::query::View;
use crate::title::title;
use apache::{FileKind, FileMatch, FileType, Request, SubRequest, TypeProbe};
use std::borrow::Cow;
use std::ffi::{CStr, CString};
use std::fs::{DirEntry, ReadDir};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;

/// What is read of a directory and in which way.
pub struct Scan<'r, 'v> {
    listing: Request<'r>,
    config: &'r Directory,
    view: &'v View<'r>,
    /// Sizes are needed although no column shows them.
    sizes: bool,
    /// Types of files are needed, for icons, texts or titles.
    types: bool,
    shortcut: Option<Shortcut<'r>>,
    /// The shortcut's premise has been observed.
    observed: bool,
    probe: Option<TypeProbe<'r>>,
    probed: u32,
    /// The path of the directory, and behind it of its entry.
    path: Vec<u8>,
    /// Bytes of the directory's path.
    directory: usize,
}

/// Uses of one probe, after which it is replaced: what the hooks allocate stays with it.
const PROBE_USES: u32 = 500;

impl<'r, 'v> Scan<'r, 'v> {
    /// `sizes`: sizes are needed even where no column shows them.
    pub fn new(
        listing: Request<'r>,
        config: &'r Directory,
        view: &'v View<'r>,
        sizes: bool,
    ) -> Self {
        let columns = view.has_columns();
        let path = listing.filename().unwrap_or(c"").to_bytes().to_vec();
        let by_type = config.icons.need_types() || config.texts.need_types();
        Self {
            listing,
            config,
            view,
            sizes: sizes || columns,
            types: columns && (by_type || view.flags.has(Flags::SCAN_HTML_TITLES)),
            shortcut: Shortcut::of(listing),
            observed: false,
            probe: None,
            probed: 0,
            directory: path.len(),
            path,
        }
    }

    /// The way up, then all entries that may be shown, the last one read first.
    pub fn entries(mut self, directory: ReadDir) -> Vec<Entry<'r>> {
        let mut entries: Vec<Entry<'r>> = directory
            .filter_map(Result::ok)
            .filter_map(|found| self.entry(&found))
            .collect();
        entries.reverse();
        entries.extend(self.parent());
        entries
    }

    /// The line that leads up; none at the root.
    fn parent(&self) -> Option<Entry<'r>> {
        let up = [self.listing.uri(), b"../"].concat();
        let up = apache::normalize_path(self.listing.pool(), &up)?;
        // Patterns see the parent as the entry `..` of this directory.
        let directory = self.path.get(..self.directory).unwrap_or_default();
        let path = CString::new([directory, b".."].concat()).ok()?;
        if up.is_empty() || self.config.ignored.ignore(&path) {
            return None;
        }
        let mut entry = Entry::new(up.into(), true);
        // A table without FancyIndexing leaves this line bare.
        if self.view.flags.has(Flags::FANCY_INDEXING) {
            self.choose_for_directory(&mut entry, &path);
            entry.text = entry.text.or(Some(b"PARENTDIR"));
            entry.description = self.config.descriptions.find(&path).map(Cow::Borrowed);
        }
        Some(entry)
    }

    fn entry(&mut self, found: &DirEntry) -> Option<Entry<'r>> {
        let name = CString::new(found.file_name().into_vec()).ok()?;
        if let Some(pattern) = self.view.pattern
            && !apache::file_match(pattern, &name, FileMatch::NoEscapePeriod)
        {
            return None;
        }
        let mut buffer = std::mem::take(&mut self.path);
        buffer.truncate(self.directory);
        buffer.extend_from_slice(name.to_bytes_with_nul());
        let entry = CStr::from_bytes_with_nul(&buffer)
            .ok()
            .and_then(|path| self.entry_at(found, name, path));
        self.path = buffer;
        entry
    }

    fn entry_at(&mut self, found: &DirEntry, name: CString, path: &CStr) -> Option<Entry<'r>> {
        if self.config.ignored.ignore(path) {
            return None;
        }
        let kind = found.file_type().ok()?;
        if kind.is_file() {
            let covered = self
                .shortcut
                .as_ref()
                .is_some_and(|shortcut| shortcut.covers(&name));
            if covered && self.observed && (!self.types || self.probed < PROBE_USES) {
                return self.like_the_others(found, name, path);
            }
            return self.looked_up(name, covered);
        }
        if kind.is_dir() || kind.is_symlink() {
            return self.looked_up(name, false);
        }
        // Pipes, sockets and devices are never listed.
        None
    }

    /// A regular file that [`Shortcut`] covers.
    fn like_the_others(
        &mut self,
        found: &DirEntry,
        name: CString,
        path: &CStr,
    ) -> Option<Entry<'r>> {
        let mut entry = Entry::new(name.into_boxed_c_str(), false);
        if self.sizes {
            let metadata = found.metadata().ok()?;
            entry.bytes = Some(metadata.len());
            // File systems take any number of seconds.
            let seconds = metadata.mtime().saturating_mul(1_000_000);
            entry.modified = Some(seconds.saturating_add(metadata.mtime_nsec() / 1000));
        }
        if self.view.has_columns() {
            let mut probe = self.probe.take();
            let types = match &mut probe {
                Some(probe) if self.types => {
                    self.probed += 1;
                    probe.type_of(path)
                }
                _ => FileType::default(),
            };
            self.choose_for_file(&mut entry, path, types);
            self.probe = probe;
        } else {
            entry.modified = None;
        }
        Some(entry)
    }

    /// Whatever httpd says of `name`. `covered` makes the lookup the observation that
    /// [`Shortcut`] asks for.
    fn looked_up(&mut self, name: CString, covered: bool) -> Option<Entry<'r>> {
        let (lookup, kind) = SubRequest::lookup_entry(self.listing, &name)?;
        let request = lookup.request();
        let status = request.status();
        let info = request.file_info();
        if covered {
            self.observed = request.same_directory_config(self.listing)
                && status == 200
                && info.kind == FileKind::Regular;
            if !self.observed {
                self.shortcut = None;
            }
        }
        let shown = matches!(status, 200..=399)
            || (matches!(status, 401 | 403) && self.view.flags.has(Flags::SHOW_FORBIDDEN));
        if !shown || !matches!(info.kind, FileKind::Regular | FileKind::Directory) {
            return None;
        }
        let is_directory = kind == FileKind::Directory;
        let name = if is_directory {
            CString::new([name.to_bytes(), b"/"].concat()).ok()?
        } else {
            name
        };
        let columns = self.view.has_columns();
        let mut entry = Entry::new(name.into_boxed_c_str(), is_directory);
        entry.bytes = (!is_directory).then_some(info.size);
        entry.modified = Some(info.mtime_micros);
        if columns {
            let path = request.filename().unwrap_or(c"");
            if is_directory {
                entry.first = self.view.flags.has(Flags::FOLDERS_FIRST);
                let path = without_index(path);
                self.choose_for_directory(&mut entry, &path);
                entry.text = entry.text.or(Some(b"DIR"));
                entry.description = self.config.descriptions.find(&path).map(Cow::Borrowed);
            } else {
                let types = FileType {
                    content_type: request.content_type(),
                    encoding: request.content_encoding(),
                };
                self.choose_for_file(&mut entry, path, types);
            }
        } else {
            entry.modified = None;
        }
        if covered && self.observed && self.types {
            let hooks = self.shortcut.as_ref().map(|shortcut| &shortcut.type_hooks);
            self.probe = hooks.map(|hooks| TypeProbe::new(lookup, hooks));
            self.probed = 0;
        }
        Some(entry)
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
        entry.size = entry.bytes;
        entry.icon = self.config.icons.find(path, Some(types));
        entry.text = self.config.texts.find(path, Some(types));
        entry.description = self.config.descriptions.find(path).map(Cow::Borrowed);
        if entry.description.is_none() && self.view.flags.has(Flags::SCAN_HTML_TITLES) {
            entry.description = title(path, types).map(Cow::Owned);
        }
    }
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
