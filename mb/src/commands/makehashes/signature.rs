//! Detached signatures: the text of `FILE.asc`.

use crate::session::warn;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

/// Nobody's signature is longer, in bytes.
const LONGEST: u64 = 1 << 20;

/// What the signature of a file is called.
pub(super) fn name_of(file: &OsStr) -> OsString {
    let mut name = file.to_owned();
    name.push(".asc");
    name
}

/// How long the column is for a signature of `length` bytes: it must be shorter than the file, else it is none.
pub(super) fn stored_length(length: u64, size: u64) -> u64 {
    match length < size && length <= LONGEST {
        true => length,
        false => 0,
    }
}

/// The signature of a file of `size` bytes; empty if it has none.
pub(super) fn read(file: &Path, size: u64) -> String {
    let path = file.with_file_name(name_of(file.file_name().unwrap_or_default()));
    let length = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => metadata.len(),
        _ => return String::new(),
    };
    if stored_length(length, size) == 0 {
        return String::new();
    }
    let text = fs::read_to_string(&path);
    let path = path.display();
    match text {
        Ok(text) if !text.contains('\0') => text,
        Ok(_) => {
            warn(format_args!(
                "{path}: is no text, and taken for no signature"
            ));
            String::new()
        }
        Err(error) => {
            warn(format_args!("{path}: {error}; taken for no signature"));
            String::new()
        }
    }
}
