//! What directory listings ask: which files have a mirror list to link to.

use crate::exchange::Exchange;
use crate::path::{Base, path, path_of};
use apache::Request;
use module_kit::{ListedFile, MirrorLists, MirrorListsFamily};

/// Answers for the files of one directory.
pub struct Listed<'r> {
    exchange: Exchange<'r>,
    /// Its file name; ends with a slash.
    directory: &'r [u8],
    /// Its URL path, and behind it the name of a file.
    uri: Vec<u8>,
    base: &'r Base,
    /// The directory lies in the tree of the engine, and so do its files that are no links.
    inside: bool,
}

/// [`Listed`] for all requests.
pub enum Lists {}

impl MirrorListsFamily for Lists {
    type Lists<'r> = Listed<'r>;
}

impl<'r> MirrorLists<'r> for Listed<'r> {
    fn open(listing: Request<'r>) -> Option<Self> {
        let exchange = Exchange::begin(listing)?;
        let base = exchange.base()?;
        let directory = listing.filename()?;
        Some(Self {
            uri: exchange.uri().to_vec(),
            exchange,
            directory: directory.to_bytes(),
            inside: base.has(path(directory)),
            base,
        })
    }

    fn needs_types(&self) -> bool {
        self.exchange.config.excludes_types()
    }

    fn has_list(&mut self, file: ListedFile<'_>) -> bool {
        // By the configuration of the directory: what a list is asked by is another name than
        // the file's, so that <Files> sections of the file do not hold. MirrorBrainMinSize and the
        // exclusions of clients are about redirects, not lists.
        self.uri.truncate(self.exchange.uri().len());
        self.uri.extend_from_slice(file.name.to_bytes());
        let config = self.exchange.config;
        let excluded = config.excludes_file(|mask| mask.is_match(&self.uri), || file.content_type);
        excluded.is_none() && self.is_in_tree(file)
    }
}

impl Listed<'_> {
    /// Whether the file lies in the tree of the engine, symbolic links resolved.
    fn is_in_tree(&self, file: ListedFile<'_>) -> bool {
        if !file.is_link {
            return self.inside;
        }
        let name = [self.directory, file.name.to_bytes()].concat();
        self.base.has(path_of(&name))
    }
}
