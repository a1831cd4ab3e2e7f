//! File trees for a test's document root.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Creates an empty-looking (sparse, all zero) file of a size in bytes, and its directories.
///
/// `mtime` is in seconds since the epoch.
pub fn sparse(root: &Path, path: &str, size: u64, mtime: u64) {
    let name = root.join(path);
    let parent = name.parent().expect("a file has a directory");
    fs::create_dir_all(parent).expect("directories of the tree");
    let file = File::create(&name).unwrap_or_else(|e| panic!("{}: {e}", name.display()));
    file.set_len(size).expect("size of a sparse file");
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(mtime))
        .expect("mtime of a sparse file");
}

/// Creates the files of a JSON list of `{"path", "size", "mtime"}`.
pub fn tree(root: &Path, list: &Path) {
    let text = fs::read_to_string(list).unwrap_or_else(|e| panic!("{}: {e}", list.display()));
    let entries: serde_json::Value = serde_json::from_str(&text).expect("a JSON list of files");
    for entry in entries.as_array().expect("a JSON list of files") {
        sparse(
            root,
            entry["path"].as_str().expect("path"),
            entry["size"].as_u64().expect("size"),
            entry["mtime"].as_u64().expect("mtime"),
        );
    }
}
