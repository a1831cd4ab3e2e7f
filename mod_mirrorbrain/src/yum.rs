//! Mirror lists for yum, dnf, zypper and apt (`MirrorBrainYumDir`, `MirrorBrainAptDir`).

use crate::client::Who;
use crate::config::YumRule;
use crate::exchange::Exchange;
use crate::facts::Facts;
use crate::{path, respond};
use apache::Outcome;
use mirror_db::DbError;
use mirror_selection::Extent;
use representation::query::QueryArguments;
use representation::yum::{self, Directory, Format, List, Lookup, MAX_MIRRORS};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
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
        let proof = base.path().join(OsStr::from_bytes(&directory.file));
        let metadata = proof.metadata().ok().filter(Metadata::is_file);
        let found = metadata.and_then(|found| Some((base.file(&proof, (&found).into())?, found)));
        let Some((file, metadata)) = found else {
            return Outcome::Status(404);
        };
        let who = Who::asks(request, self.runtime, query);
        who.tell(request, metadata.len());
        let facts = self
            .runtime
            .database()
            .map_err(DbError::from)
            .and_then(|database| Facts::of(database, &file, metadata.len(), metadata.mtime()));
        let reached = facts.is_ok();
        let facts = facts.unwrap_or_default();
        let selection = self.select(&facts, &who, metadata.len(), Extent::Top(MAX_MIRRORS), None);
        let fallbacks = self.fallbacks(Some(&selection), &who, metadata.len());
        let changes = self.is_volatile(&file);
        let behind = self.behind(fallbacks.as_ref(), changes);
        if selection.target().is_none() && !reached && !behind.origin {
            return respond::unavailable(request);
        }
        let list = List {
            directory,
            choices: selection.ranked(),
            behind,
            base_url: &format!("{}{}", respond::origin(request), self.base_url(base.path())),
            changes,
        };
        let give = match directory.format {
            Format::Yum => "yumlist",
            Format::Apt => "aptlist",
        };
        respond::document(request, give, &list.answer())
    }

    /// The path of the URL that leads to the base directory, escaped, with a trailing slash:
    /// what is left of the request's path without the part below the base.
    fn base_url(self, base: &Path) -> String {
        let name = self.request.filename().map_or(Path::new(""), path::path);
        let below = name
            .strip_prefix(base)
            .map_or(&b""[..], |rest| rest.as_os_str().as_bytes());
        let uri = self.uri();
        let slashed = uri.strip_suffix(b"/").unwrap_or(uri);
        let mut url = slashed.strip_suffix(below).unwrap_or(b"").to_vec();
        if url.last() != Some(&b'/') {
            url.push(b'/');
        }
        representation::escape::path(&url).into_owned()
    }
}
