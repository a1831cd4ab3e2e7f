//! Mirror lists for yum, dnf, zypper and apt (`MirrorBrainYumDir`, `MirrorBrainAptDir`).

use crate::client::Who;
use crate::config::YumRule;
use crate::exchange::Exchange;
use crate::facts::Facts;
use crate::path::{path, path_of};
use crate::respond;
use apache::{FileInfo, Outcome};
use mirror_selection::Extent;
use pg::DbError;
use representation::query::QueryArguments;
use representation::yum::{self, Directory, Format, List, Lookup, MAX_MIRRORS};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// The first rule that the query matches.
pub fn lookup(rules: &[Arc<YumRule>], query: &QueryArguments<'_>) -> Lookup {
    yum::lookup(rules.iter().map(|rule| &**rule), query)
}

impl Exchange<'_> {
    /// Lists the mirrors that have the directory's proof file; the file must exist here.
    pub fn yum_list(self, directory: &Directory, query: &QueryArguments<'_>) -> Outcome {
        let request = self.request;
        let Some(base) = self.base() else {
            return Outcome::Status(404);
        };
        let url = self.base_url(base.path());
        let info = match self.proof(&url, directory) {
            Ok(info) => info,
            Err(status) => return Outcome::Status(status),
        };
        let FileInfo { size, mtime, .. } = info;
        let proof = base.path().join(path_of(&directory.file));
        let Some(file) = base.file(&proof, info.into()) else {
            return Outcome::Status(404);
        };
        let who = Who::asks(request, self.runtime, query);
        who.tell(request, size);
        let facts = self
            .runtime
            .database()
            .map_err(DbError::from)
            .and_then(|database| Facts::of(database, &file, size, mtime));
        let reached = facts.is_ok();
        let facts = facts.unwrap_or_default();
        let selection = self.select(
            &facts,
            &who,
            (file.key(), size),
            Extent::Top(MAX_MIRRORS),
            None,
        );
        let fallbacks = self.fallbacks(Some(&selection), &who, size);
        let changes = self.is_volatile(&file);
        let behind = self.behind(fallbacks.as_ref(), changes);
        if selection.target().is_none() && !reached && behind.origin.is_none() {
            return respond::unavailable(request);
        }
        let list = List {
            directory,
            choices: selection.ranked(),
            behind,
            origin: &respond::origin(request),
            base: &representation::escape::path(&url),
            changes,
        };
        let give = match directory.format {
            Format::Yum => "yumlist",
            Format::Apt => "aptlist",
        };
        respond::document(request, give, &list.answer())
    }

    /// The proof file, if this client may have it and the directory; else the status to answer with.
    fn proof(self, base_url: &[u8], directory: &Directory) -> Result<FileInfo, u16> {
        self.directory_given(&[base_url, &directory.path, b"/"].concat())?;
        let given = self.given(&[base_url, &directory.file].concat(), |_| true)?;
        Ok(given.info)
    }

    /// The path of the URL that leads to the base directory, with a trailing slash: what is left of
    /// the request's path without the part below the base.
    fn base_url(self, base: &Path) -> Vec<u8> {
        let name = self.request.filename().map_or(Path::new(""), path);
        let below = name
            .strip_prefix(base)
            .map_or(&b""[..], |rest| rest.as_os_str().as_bytes());
        let uri = self.uri();
        let slashed = uri.strip_suffix(b"/").unwrap_or(uri);
        let mut url = slashed.strip_suffix(below).unwrap_or(b"").to_vec();
        if url.last() != Some(&b'/') {
            url.push(b'/');
        }
        url
    }
}
