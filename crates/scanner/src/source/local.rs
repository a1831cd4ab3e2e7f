//! A directory of this machine.

use mirror_files::{Entry, Error, Kind, Listing, Size, Time, Unread};
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::{fs, io};

/// Lists a tree. Symbolic links are listed, and not followed.
pub(crate) fn list(
    tree: &Path,
    subtree: &str,
    sink: &mut dyn FnMut(Entry) -> ControlFlow<()>,
) -> Result<Listing, Error> {
    let mut listing = Listing::default();
    let mut directories = vec![subtree.to_owned()];
    while let Some(directory) = directories.pop() {
        match entries(tree, &directory, &mut listing, &mut directories, sink) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return Ok(listing),
            Err(error) if directory == subtree => {
                let place = tree.join(subtree);
                return Err(Error::Server(format!("{}: {error}", place.display())));
            }
            // It has gone since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => listing.unread.push(Unread {
                path: directory,
                error: Error::Server(error.to_string()),
            }),
        }
    }
    Ok(listing)
}

fn entries(
    tree: &Path,
    directory: &str,
    listing: &mut Listing,
    directories: &mut Vec<String>,
    sink: &mut dyn FnMut(Entry) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    for entry in fs::read_dir(tree.join(directory))? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name
            .to_str()
            .filter(|name| !name.contains(char::is_control))
        else {
            listing.unusable += 1;
            continue;
        };
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        let path = match directory {
            "" => name.to_owned(),
            directory => format!("{directory}/{name}"),
        };
        let kind = match metadata.file_type() {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_dir() => Kind::Directory,
            kind if kind.is_symlink() => Kind::Symlink,
            _ => Kind::Other,
        };
        if kind == Kind::Directory {
            directories.push(path.clone());
        }
        listing.entries += 1;
        let entry = Entry {
            path,
            kind,
            size: Size::Exact(metadata.len()),
            mtime: Time::Exact(metadata.mtime()),
        };
        if sink(entry).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
